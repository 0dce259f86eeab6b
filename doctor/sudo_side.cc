#include "doctor/sudo_side.h"

#include "doctor/sudo_lines.h"

namespace jit::doctor {

namespace {

// Words as sudoers parts them.
std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> words;
    constexpr std::string_view between = " \t\r,=()\"";
    while (!line.empty()) {
        const std::size_t at = line.find_first_not_of(between);
        if (at == line.npos)
            break;
        line.remove_prefix(at);
        const std::string_view word = line.substr(0, line.find_first_of(between));
        words.push_back(word);
        line.remove_prefix(word.size());
    }
    return words;
}

} // namespace

void read_sudoers(const std::string &file, std::string_view text,
                  const std::set<std::string> &role_groups, SudoSide &side)
{
    for (const SudoLine &line : read_sudo_lines(text)) {
        const std::string at = file + ":" + std::to_string(line.number);
        const auto words = words_of(line.text);
        const bool includes = !words.empty() && words[0].size() > 1 &&
                              words[0].substr(1).starts_with("include") &&
                              (words[0][0] == '@' || words[0][0] == '#');
        if (includes && !(words.size() == 2 && words[1] == "/etc/sudoers.d"))
            side.findings.push_back(
                {Finding::Kind::note, at, "what sudo includes there is not looked at", ""});
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (words[i] == "!pam_acct_mgmt")
                side.findings.push_back(
                    {Finding::Kind::fault, at,
                     "!pam_acct_mgmt: sudo does not ask PAM's account phase, so that with a ticket "
                     "or NOPASSWD nobody is asked for a role",
                     "remove it"});
            const bool is_service = words[i] == "pam_service" || words[i] == "pam_login_service" ||
                                    words[i] == "pam_askpass_service";
            if (is_service && i + 1 < words.size())
                side.services.emplace(words[i + 1], at);
            if (words[i] == "!authenticate" || words[i] == "exempt_group")
                side.unasked.push_back({Finding::Kind::fault, at,
                                        std::string{words[i]} +
                                            ": sudo asks for no password, and its PAM files do not "
                                            "ask jit",
                                        "remove it"});
        }
        if (!words.empty() && words[0].starts_with('%') && side.group_rule.empty() &&
            role_groups.contains(std::string{words[0].substr(1)}))
            side.group_rule = at;
    }
}

bool has_dynamic_groups(std::string_view sudo_conf)
{
    bool is_dynamic = false;
    for (const SudoLine &line : read_sudo_lines(sudo_conf)) {
        const auto words = words_of(line.text);
        if (words.size() >= 3 && words[0] == "Set" && words[1] == "group_source")
            is_dynamic = words[2] == "dynamic";
    }
    return is_dynamic;
}

} // namespace jit::doctor
