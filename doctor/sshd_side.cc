#include "doctor/sshd_side.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jit::doctor {

namespace {

constexpr std::string_view config_path = "/etc/ssh/sshd_config";
constexpr std::chrono::seconds default_grace{120};

// The words of a line, sshd's way: parted by blanks or one '=', quotes taken off.
std::vector<std::string> words_of(std::string_view line)
{
    std::vector<std::string> words;
    constexpr std::string_view between = " \t\r=";
    while (true) {
        const std::size_t at = line.find_first_not_of(between);
        if (at == line.npos || line[at] == '#')
            return words;
        line.remove_prefix(at);
        const bool is_quoted = line.front() == '"';
        if (is_quoted)
            line.remove_prefix(1);
        const std::string_view word =
            line.substr(0, is_quoted ? line.find('"') : line.find_first_of(between));
        words.emplace_back(word);
        line.remove_prefix(std::min(line.size(), word.size() + (is_quoted ? 1 : 0)));
    }
}

class Reader
{
  public:
    Reader(const SshdIncluded &included, SshdSide &side) : included_(included), side_(side) {}

    void read(const std::string &file, std::string_view text, bool may_include)
    {
        int number = 0;
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            const auto words = words_of(line);
            if (words.size() >= 2)
                see(file + ":" + std::to_string(++number), words, may_include);
            else
                ++number;
        }
    }

  private:
    void see(const std::string &where, const std::vector<std::string> &words, bool may_include)
    {
        const std::string keyword = to_lower(words[0]);
        const SshdValue value{to_lower(words[1]), where};
        if (keyword == "match") {
            // "Match all" ends what is for some.
            is_for_some_ = value.text != "all";
        } else if (keyword == "include") {
            include(where, words, may_include);
        } else if (keyword == "usepam") {
            keep(side_.use_pam, value);
        } else if (keyword == "kbdinteractiveauthentication" ||
                   keyword == "challengeresponseauthentication") {
            side_.is_interactive_somewhere |= is_for_some_ && value.text == "yes";
            keep(side_.interactive, value);
        } else if (keyword == "logingracetime") {
            keep(side_.grace, value);
        } else if (keyword == "pamservicename") {
            side_.services.insert(words[1]);
        } else if (keyword == "authenticationmethods") {
            if (!is_for_some_ && side_.methods)
                return;
            keep(side_.methods, value);
            for (std::size_t i = 1; i < words.size(); ++i)
                side_.lists.push_back({to_lower(words[i]), where});
        }
    }

    void keep(std::optional<SshdValue> &place, const SshdValue &value) const
    {
        if (!is_for_some_ && !place)
            place = value;
    }

    void include(const std::string &where, const std::vector<std::string> &words, bool may_include)
    {
        for (std::size_t i = 1; i < words.size(); ++i) {
            const auto files = may_include ? included_(words[i]) : std::nullopt;
            if (!files) {
                side_.findings.push_back(
                    {Finding::Kind::note, where, "what sshd includes there is not looked at", ""});
                continue;
            }
            // A Match block of an included file ends with it.
            const bool was_for_some = is_for_some_;
            for (const auto &[name, text] : *files) {
                read(name, text, false);
                is_for_some_ = was_for_some;
            }
        }
    }

    const SshdIncluded &included_;
    SshdSide &side_;
    bool is_for_some_ = false;
};

std::string where_of(const std::optional<SshdValue> &value)
{
    return value ? value->where : std::string{config_path};
}

} // namespace

void read_sshd_config(const std::string &file, std::string_view text, const SshdIncluded &included,
                      SshdSide &side)
{
    Reader{included, side}.read(file, text, true);
}

std::optional<std::chrono::seconds> parse_sshd_time(std::string_view text)
{
    std::chrono::seconds all{0};
    if (text.empty())
        return std::nullopt;
    while (!text.empty()) {
        std::int64_t number = 0;
        std::size_t digits = 0;
        for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
            number = number * 10 + (text[digits] - '0');
            if (number > 1'000'000'000)
                return std::nullopt;
        }
        if (digits == 0)
            return std::nullopt;
        text.remove_prefix(digits);
        constexpr std::string_view units = "smhdwSMHDW";
        constexpr std::int64_t seconds[] = {1, 60, 3600, 86'400, 604'800};
        const std::size_t which = text.empty() ? 0 : units.find(text.front());
        if (which == units.npos)
            return std::nullopt;
        if (!text.empty())
            text.remove_prefix(1);
        all += std::chrono::seconds{number * seconds[which % 5]};
        if (all.count() > 1'000'000'000)
            return std::nullopt;
    }
    return all;
}

std::vector<Finding> judge_sshd(const SshdSide &side, std::chrono::seconds longest)
{
    std::vector<Finding> found = side.findings;
    const auto note = [&](std::string where, std::string what, std::string advice) {
        found.push_back(
            {Finding::Kind::note, std::move(where), std::move(what), std::move(advice)});
    };
    if (!side.use_pam || side.use_pam->text != "yes")
        found.push_back({Finding::Kind::fault, where_of(side.use_pam),
                         "UsePAM is not yes: sshd asks no module, so no login is gated",
                         "write UsePAM yes"});
    // OpenSSH's own default is yes.
    if (side.interactive && side.interactive->text != "yes" && !side.is_interactive_somewhere)
        note(side.interactive->where,
             "KbdInteractiveAuthentication is not yes: no code can be shown, and only who has a "
             "live grant comes in",
             "write KbdInteractiveAuthentication yes");
    if (!side.methods)
        note(std::string{config_path},
             "no AuthenticationMethods for all: a key alone is not asked for a role, and is let in "
             "by a live grant only",
             "write AuthenticationMethods publickey,keyboard-interactive");
    for (const SshdValue &list : side.lists)
        if (list.text.starts_with("keyboard-interactive"))
            note(list.where,
                 list.text +
                     ": nobody has proven who is there when jit is asked, so it refuses, unless "
                     "jitd.toml has unproven_start = true",
                 "put publickey before it");
    const auto grace = side.grace ? parse_sshd_time(side.grace->text) : default_grace;
    if (grace && grace->count() > 0 && *grace < longest)
        note(where_of(side.grace),
             "LoginGraceTime: a login has " + format_duration(*grace) + ", and a request waits " +
                 format_duration(longest),
             "write LoginGraceTime " + std::to_string(longest.count() + 60) + ", or timeout=" +
                 format_duration(
                     std::max(*grace - std::chrono::seconds{10}, std::chrono::seconds{1})) +
                 " on the auth line of pam_jit.so, which then says so");
    return found;
}

} // namespace jit::doctor
