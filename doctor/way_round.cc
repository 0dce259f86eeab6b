#include "doctor/way_round.h"

#include <algorithm>
#include <fnmatch.h>

namespace jit::doctor {

namespace {

using Names = std::vector<std::string>;

constexpr const char *lines_advice =
    "put the three lines of pam_jit(8) into /etc/pam.d/sudo and /etc/pam.d/sudo-i";

bool has(const Names &names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string join(const Names &names)
{
    constexpr std::size_t most = 4;
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        out += (i == 0 ? "" : ", ") + names[i];
    return out + (names.size() > most ? ", ..." : "");
}

bool is_root(const std::string &name)
{
    return name == "root" || name == "%root" || name == "#0" || name == "%#0";
}

bool is_own(const SudoRule &rule, const SudoGate &gate)
{
    return std::any_of(gate.own.begin(), gate.own.end(), [&](const SudoRule &own) {
        return own.who == rule.who && own.commands == rule.commands;
    });
}

// Whom a rule is for beside root, and who is a member of a role's group, which is a grant.
Names standing(const SudoRule &rule, const SudoGate &gate)
{
    Names out;
    for (const std::string &name : rule.who) {
        const bool is_granted =
            name.starts_with('%') &&
            std::any_of(gate.roles.begin(), gate.roles.end(), [&](const SudoRole &role) {
                return has(role.groups, std::string_view{name}.substr(1));
            });
        if (!is_root(name) && !is_granted)
            out.push_back(name);
    }
    return out;
}

const std::set<std::string> &members_of(const std::string &name, const SudoGate &gate)
{
    static const std::set<std::string> none;
    const auto found = gate.members.find(name.substr(1));
    return found == gate.members.end() ? none : found->second;
}

// Whether two names of sudoers may be one person.
bool meet(const std::string &one, const std::string &other, const SudoGate &gate)
{
    if (one == other || one == "ALL" || other == "ALL")
        return true;
    if (other.starts_with('%') && !one.starts_with('%'))
        return meet(other, one, gate);
    if (!one.starts_with('%'))
        return false;
    const auto &members = members_of(one, gate);
    if (!other.starts_with('%'))
        return members.contains(other);
    const auto &others = members_of(other, gate);
    return std::any_of(others.begin(), others.end(),
                       [&](const std::string &user) { return members.contains(user); });
}

std::string path_of(const std::string &command)
{
    return command.substr(0, command.find(' '));
}

// Whether who may do the one may do something of the other, whatever its arguments.
bool gives(const SudoCommand &rule, const SudoCommand &wanted)
{
    if (rule.command.starts_with('!'))
        return false;
    const bool is_as = std::any_of(rule.runas.begin(), rule.runas.end(), [&](const auto &user) {
        return user == "ALL" || has(wanted.runas, user) || has(wanted.runas, "ALL");
    });
    if (!is_as)
        return false;
    if (rule.command == "ALL" || wanted.command == "ALL")
        return true;
    const std::string path = path_of(rule.command);
    const std::string other = path_of(wanted.command);
    return path == other || (path.ends_with('/') && other.starts_with(path)) ||
           fnmatch(path.c_str(), other.c_str(), FNM_PATHNAME) == 0;
}

bool gives(const SudoRule &rule, const SudoRole &role)
{
    for (const SudoCommand &one : rule.commands)
        for (const SudoCommand &other : role.commands)
            if (gives(one, other))
                return true;
    return false;
}

// "alice may run /usr/bin/psql, without a password,"
std::string say(const Names &who, const SudoRule &rule)
{
    Names commands;
    bool asks = true;
    for (const SudoCommand &each : rule.commands) {
        commands.push_back(each.command);
        asks = asks && each.asks_password;
    }
    return join(who) + " may run " + join(commands) + (asks ? "" : ", without a password,");
}

// In the group style a rule stands beside the role's own, gated or not.
void judge_beside(const SudoRule &rule, const Names &who, const SudoGate &gate,
                  std::vector<Finding> &out)
{
    for (const SudoRole &role : gate.roles) {
        const bool meets = std::any_of(who.begin(), who.end(), [&](const std::string &one) {
            return std::any_of(role.eligible.begin(), role.eligible.end(),
                               [&](const std::string &other) { return meet(one, other, gate); });
        });
        if (!meets || !gives(rule, role))
            continue;
        out.push_back({Finding::Kind::fault, rule.where,
                       say(who, rule) + " without the group of role \"" + role.name +
                           "\", which some of them may ask for: sudo's PAM files do not ask jit",
                       std::string{"remove it, or "} + lines_advice});
        return;
    }
    out.push_back({Finding::Kind::note, rule.where,
                   say(who, rule) + " at any time: sudo's PAM files do not ask jit", ""});
}

// Behind a gate that holds: for whom does no role close it?
void judge_ungated(const SudoRule &rule, const Names &who, const SudoGate &gate,
                   std::vector<Finding> &out)
{
    Names free;
    for (const std::string &name : who) {
        const auto &members = members_of(name, gate);
        const bool passes =
            name == "ALL" ||
            (name.starts_with('%')
                 ? std::any_of(members.begin(), members.end(),
                               [&](const std::string &user) { return !gate.is_gated(user); })
                 : !gate.is_gated(name));
        if (passes)
            free.push_back(name);
    }
    if (!free.empty())
        out.push_back({Finding::Kind::fault, rule.where,
                       say(free, rule) +
                           " at any time: no role gates sudo for all of them, and sudo is not "
                           "among strict_services",
                       "see jit-policy(5), accounts, and jitd.toml(5), strict_services"});
}

void judge_stacks(const SudoSide &side, const SudoGate &gate, bool is_open,
                  std::vector<Finding> &out)
{
    if (is_open)
        for (const char *service : {"sudo", "sudo-i"})
            for (Finding &one : gate.judge(service))
                out.push_back(std::move(one));
    for (const auto &[service, where] : side.services) {
        if (service == "sudo" || service == "sudo-i" || gate.judge(service).empty())
            continue;
        out.push_back({Finding::Kind::fault, where,
                       "sudo asks by the PAM service " + service +
                           " here, whose file does not ask jit, or lets a refusal pass",
                       "see: jitctl doctor"});
    }
    if (is_open)
        for (const Finding &one : side.unasked)
            out.push_back(one);
}

} // namespace

std::vector<Finding> find_ways_round(const std::vector<SudoRule> &rules, const SudoSide &side,
                                     const SudoGate &gate)
{
    std::vector<Finding> out = side.findings;
    if (gate.roles.empty())
        return out; // nothing of sudo's is jit's
    const bool is_open = !gate.judge("sudo").empty() || !gate.judge("sudo-i").empty();
    // Where the group is what stands before a role, sudo need not ask jit.
    if (!gate.is_group_style || !is_open)
        judge_stacks(side, gate, is_open, out);
    for (const SudoRule &rule : rules) {
        const Names who = standing(rule, gate);
        if (who.empty())
            continue;
        if (!is_open) {
            if (!gate.is_everybody_gated)
                judge_ungated(rule, who, gate, out);
        } else if (gate.is_group_style) {
            judge_beside(rule, who, gate, out);
        } else if (!is_own(rule, gate)) {
            out.push_back({Finding::Kind::fault, rule.where,
                           say(who, rule) + " at any time: sudo's PAM files do not ask jit",
                           lines_advice});
        }
    }
    return out;
}

} // namespace jit::doctor
