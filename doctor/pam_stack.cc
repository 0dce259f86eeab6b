#include "doctor/pam_stack.h"

#include <algorithm>
#include <cctype>

#include "doctor/pam_strangers.h"

namespace jit::doctor {

namespace {

using Kind = Action::Kind;
using Path = std::vector<std::size_t>; // to an item, through substacks

std::string where(const PamLine &line)
{
    return "/etc/pam.d/" + line.file + ":" + std::to_string(line.number);
}

// The module takes upper and lower case for the same.
bool is_same_word(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char one, char other) {
        return std::tolower(static_cast<unsigned char>(one)) ==
               std::tolower(static_cast<unsigned char>(other));
    });
}

// The argument's list of services has it, or there is none.
bool is_for(const PamLine &line, const std::string &service)
{
    for (std::string_view argument : line.arguments) {
        if (!argument.starts_with("only="))
            continue;
        argument.remove_prefix(5);
        for (bool goes_on = true; goes_on;) {
            const std::size_t comma = argument.find(',');
            if (is_same_word(argument.substr(0, comma), service))
                return true;
            goes_on = comma != argument.npos;
            argument.remove_prefix(goes_on ? comma + 1 : argument.size());
        }
        return false;
    }
    return true;
}

bool find_module(const std::vector<StackItem> &items, const std::string &service, Path &path)
{
    for (std::size_t i = 0; i < items.size(); ++i) {
        path.push_back(i);
        if (base_of(items[i].line.module) == "pam_jit.so" && is_for(items[i].line, service))
            return true;
        if (find_module(items[i].substack, service, path))
            return true;
        path.pop_back();
    }
    return false;
}

constexpr const char *behind_the_password =
    "write, behind the line that asks for the password: auth requisite pam_jit.so proven";

// The password alone proves who is there.
bool needs_proven(std::string_view service)
{
    return service == "login" || service == "polkit-1";
}

std::string advice_for(std::string_view kind, std::string_view service)
{
    if (kind == "auth" && needs_proven(service))
        return behind_the_password;
    if (kind == "auth")
        return "write, before all other auth lines: auth [success=done ignore=ignore default=die] "
               "pam_jit.so";
    if (kind == "account")
        return "write, before all other account lines: account requisite pam_jit.so";
    return "write: session optional pam_jit.so";
}

// Whether a line can let somebody past what comes `ahead` items after it.
bool leads_past(const PamLine &line, std::size_t ahead)
{
    // Root alone, whom jit does not ask either.
    if (base_of(line.module) == "pam_rootok.so")
        return false;
    const auto control = parse_control(line.control);
    if (!control)
        return false; // libpam takes no such line
    const auto is_way = [&](const Action &action) {
        return action.kind == Kind::done || (action.kind == Kind::jump && action.jump >= ahead);
    };
    return is_way(control->otherwise) ||
           std::any_of(control->actions.begin(), control->actions.end(),
                       [&](const auto &one) { return is_way(one.second); });
}

bool resets(const StackItem &item)
{
    const auto control = parse_control(item.line.control);
    if (control && (control->otherwise.kind == Kind::reset ||
                    std::any_of(control->actions.begin(), control->actions.end(),
                                [](const auto &one) { return one.second.kind == Kind::reset; })))
        return true;
    return std::any_of(item.substack.begin(), item.substack.end(), resets);
}

bool denies(const PamLine &line)
{
    return base_of(line.module) == "pam_deny.so" &&
           (line.control == "requisite" || line.control == "required");
}

struct Refusals {
    bool stay = true;     // each is bad or die
    bool end_all = true;  // each is die
    std::string let_past; // the first value that is neither
};

// What the module says when it lets nobody in: pam_jit(8).
Refusals judge_control(const Control &control, std::string_view kind, bool is_denied_next)
{
    Refusals judged;
    for (const char *value : {kind == "auth" ? "auth_err" : "perm_denied", "authinfo_unavail",
                              "system_err", "abort", "conv_err"}) {
        const Kind action = control.of(value).kind;
        if (action != Kind::die)
            judged.end_all = false;
        const bool stays = action == Kind::die || action == Kind::bad ||
                           (action == Kind::ignore && is_denied_next);
        if (!stays && judged.stay) {
            judged.stay = false;
            judged.let_past = value;
        }
    }
    return judged;
}

bool has_argument(const PamLine &line, std::string_view argument)
{
    return std::find(line.arguments.begin(), line.arguments.end(), argument) !=
           line.arguments.end();
}

// The real uid proves who is there, and the argument means nothing.
bool is_by_uid(std::string_view service)
{
    return service == "sudo" || service.starts_with("sudo-") || service == "su" ||
           service == "su-l";
}

void judge_proof(const std::string &service, const std::vector<StackItem> &items,
                 bool may_start_unproven, std::vector<Finding> &out)
{
    if (is_by_uid(service))
        return;
    const bool is_sshd = service == "sshd" || service.starts_with("sshd-");
    for (const PamLine *line : lines_for_strangers(items))
        if (has_argument(*line, "proven") && is_for(*line, service))
            out.push_back({Finding::Kind::fault, where(*line),
                           "proven, and who has proven nothing comes as far as that: whoever types "
                           "a name is taken for its owner",
                           is_sshd ? advice_for("auth", service) : behind_the_password});
    Path path;
    if (may_start_unproven || !needs_proven(service) || !find_module(items, service, path))
        return;
    const std::vector<StackItem> *level = &items;
    for (std::size_t i = 0; i + 1 < path.size(); ++i)
        level = &(*level)[path[i]].substack;
    const PamLine &own = (*level)[path.back()].line;
    if (!has_argument(own, "proven") && !has_argument(own, "observe"))
        out.push_back(
            {Finding::Kind::note, where(own),
             "no proven: nobody has proven who is there, so all whom a role gates are "
             "refused, unless jitd.toml has unproven_start = true",
             (own.file == service ? ""
                                  : "take it out of that file, and in " + service + "'s own ") +
                 std::string{behind_the_password}});
}

void judge_kind(const std::string &service, std::string_view kind,
                const std::vector<StackItem> &items, std::vector<Finding> &out)
{
    const bool is_account = kind == "account";
    // In auth a way past it is a nuisance; in account it is a way in.
    const auto weight = is_account ? Finding::Kind::fault : Finding::Kind::note;
    const std::string still = is_account ? "" : "; the account phase still refuses";
    Path path;
    if (!find_module(items, service, path)) {
        const char *what =
            is_account       ? "no account line of pam_jit.so, which alone is asked with a "
                               "ticket, NOPASSWD or a key"
            : kind == "auth" ? "no auth line of pam_jit.so: nobody can ask for a role there"
                             : "no session line of pam_jit.so: single_use does not end there, and "
                               "what runs is not recorded or ended";
        out.push_back({weight, "/etc/pam.d/" + service, what, advice_for(kind, service)});
        return;
    }
    const std::vector<StackItem> *level = &items;
    std::vector<std::pair<const std::vector<StackItem> *, std::size_t>> levels;
    for (const std::size_t at : path) {
        levels.emplace_back(level, at);
        for (std::size_t i = 0; i < at; ++i)
            if (const PamLine &before = (*level)[i].line;
                (*level)[i].substack.empty() && leads_past(before, at - i))
                out.push_back({weight, where(before),
                               before.control + " " + std::string{base_of(before.module)} +
                                   " may end " + std::string{kind} + " before pam_jit.so is asked" +
                                   still,
                               advice_for(kind, service)});
        level = &(*level)[at].substack;
    }
    const StackItem &own = (*levels.back().first)[levels.back().second];
    const auto control = parse_control(own.line.control);
    if (!control) {
        out.push_back({Finding::Kind::fault, where(own.line),
                       "\"" + own.line.control + "\" is no control of PAM's",
                       advice_for(kind, service)});
        return;
    }
    if (kind == "session")
        return;
    // Debian's way: a success jumps over the line that denies, and all else comes to it.
    const auto &[around, own_at] = levels.back();
    const bool is_denied_next = control->of("success").kind == Kind::jump &&
                                own_at + 1 < around->size() && denies((*around)[own_at + 1].line);
    const Refusals refusals = judge_control(*control, kind, is_denied_next);
    if (!refusals.stay)
        out.push_back({weight, where(own.line),
                       "\"" + own.line.control + "\" lets " + refusals.let_past +
                           " of pam_jit.so pass: a refusal does not stay one" + still,
                       advice_for(kind, service)});
    // What ends a substack does not end the stack around it.
    if (refusals.stay && !(refusals.end_all && path.size() == 1))
        for (const auto &[items_of, at] : levels)
            for (std::size_t i = at + 1; i < items_of->size(); ++i)
                if (resets((*items_of)[i]))
                    out.push_back({weight, where((*items_of)[i].line),
                                   "\"reset\" after pam_jit.so forgets its refusal" + still,
                                   advice_for(kind, service)});
    for (const std::string &argument : own.line.arguments)
        if (argument == "observe" && is_account)
            out.push_back({Finding::Kind::note, where(own.line),
                           "observe: would-be refusals are recorded, and nobody is refused", ""});
}

} // namespace

std::vector<Finding> judge_service(const std::string &service, const ReadPamFile &read,
                                   bool may_start_unproven)
{
    std::vector<Finding> found;
    if (!read(service)) {
        found.push_back({Finding::Kind::fault, "/etc/pam.d/" + service,
                         "there is no such file, so PAM takes /etc/pam.d/other",
                         "copy the file of the service that it stands for, with pam_jit.so in it"});
        return found;
    }
    for (const std::string_view kind : {"account", "auth", "session"}) {
        // polkit's helper opens none: jit-policy(5), services.
        if (service == "polkit-1" && kind == "session")
            continue;
        const auto items = read_stack(service, kind, read);
        judge_kind(service, kind, items, found);
        if (kind == "auth")
            judge_proof(service, items, may_start_unproven, found);
    }
    return found;
}

bool names_module(std::string_view text)
{
    const auto lines = parse_pam_file("", text);
    return std::any_of(lines.begin(), lines.end(),
                       [](const PamLine &line) { return base_of(line.module) == "pam_jit.so"; });
}

} // namespace jit::doctor
