#include "policy/sudoers.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"

namespace jit::policy {

namespace {

// "JIT_DBA", which no other role has: names of aliases are upper-case letters, digits and '_'.
std::string alias_of(const Role &role, std::set<std::string> &taken)
{
    std::string name = "JIT_";
    for (const char c : role.name) {
        const bool is_small = c >= 'a' && c <= 'z';
        const bool is_kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += is_small ? static_cast<char>(c - 'a' + 'A') : is_kept ? c : '_';
    }
    std::string unique = name;
    for (int more = 2; !taken.insert(unique).second; ++more)
        unique = name + "_" + std::to_string(more);
    return unique;
}

std::string join(const std::vector<std::string> &texts)
{
    std::string out;
    for (const std::string &text : texts)
        out += (out.empty() ? "" : ", ") + text;
    return out;
}

// sudo itself asks for the account that is proven, so accounts of the role are its callers.
std::string render_role(const Role &role, const Config &config, SudoersStyle style,
                        const std::string &alias)
{
    std::string out = "\n# role " + role.name;
    if (!role.description.empty())
        out += ": " + role.description;
    out += "\n";
    std::vector<std::string> who;
    if (style == SudoersStyle::group)
        for (const std::string &group : role.groups)
            who.push_back("%" + group);
    else
        who = eligible_for(role, config);
    if (who.empty())
        return out + "# nobody: no user of [users] map could be a requester; see `jitctl sudoers "
                     "--style group`\n";
    std::vector<std::string> commands;
    std::vector<std::string> rules;
    for (const SudoRule &rule : role.sudo_rules) {
        commands.push_back(rule.command);
        rules.push_back("(" + rule.runas + ") " + rule.tags + rule.command);
    }
    const bool is_everything = std::find(commands.begin(), commands.end(), "ALL") != commands.end();
    out += "Cmnd_Alias " + alias + " = " + (is_everything ? "ALL" : join(commands)) + "\n";
    // sudo's ticket would let a second command by without auth; the account phase holds all the
    // same.
    out += "Defaults!" + alias + " timestamp_timeout=0";
    if (!role.pam_service.empty())
        out += ", pam_service=" + role.pam_service + ", pam_login_service=" + role.pam_service;
    out += "\n" + join(who) + " ALL = " + join(rules) + "\n";
    return out;
}

} // namespace

std::vector<std::string> eligible_for(const Role &role, const Config &config)
{
    std::set<std::string> names;
    for (const Requester &entry : role.requesters) {
        if (entry.kind == Requester::Kind::local_group) {
            names.insert("%" + entry.value);
            continue;
        }
        for (const auto &[user, person] : config.users)
            // A user of that name would be everybody to sudo.
            if (user != "ALL" &&
                (entry.kind != Requester::Kind::user || to_lower(person) == to_lower(entry.value)))
                names.insert(user);
    }
    return {names.begin(), names.end()};
}

std::string render_sudoers(const Policy &policy, const Config &config, const Host &host,
                           SudoersStyle style)
{
    const bool is_gate = style == SudoersStyle::gate;
    std::string out =
        "# Made by `jitctl sudoers --style " + std::string{is_gate ? "gate" : "group"} +
        "` out of /etc/jit. Check it with `visudo -c` before it is left in /etc/sudoers.d.\n";
    out +=
        is_gate
            ? "# These rules stand always: it is pam_jit in the PAM stack that asks. Without its "
              "three lines there they\n# hold without a grant.\n"
            : "# Needs this line in /etc/sudo.conf, or sudo sees neither a grant nor its end:\n"
              "#   Set group_source dynamic\n";
    const bool has_services =
        std::any_of(policy.roles.begin(), policy.roles.end(),
                    [](const Role &role) { return !role.pam_service.empty(); });
    if (has_services)
        out += "# sudo finds pam_service by the command alone: let no other rule give the same "
               "command "
               "as somebody else.\n";
    std::set<std::string> taken;
    std::size_t count = 0;
    for (const Role &role : policy.roles) {
        const bool is_sudo =
            std::any_of(role.services.begin(), role.services.end(), [](const std::string &service) {
                return service == "sudo" || service == "sudo-i";
            });
        if (role.sudo_rules.empty() || !is_sudo || !is_for_host(role, host))
            continue;
        ++count;
        out += render_role(role, config, style, alias_of(role, taken));
    }
    if (count == 0)
        out += "\n# No role of this host has sudo.rules.\n";
    return out;
}

} // namespace jit::policy
