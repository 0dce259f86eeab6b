#include "jitctl/ways_round.h"

#include <algorithm>

#include "doctor/pam_stack.h"
#include "doctor/way_round.h"
#include "jitctl/host_look.h"
#include "lib/sys/local_accounts.h"
#include "policy/services.h"

namespace jit::ctl {

namespace {

using doctor::Finding;

bool opens_sudo(const policy::Role &role)
{
    const auto doors = policy::doors_of(role);
    return std::any_of(doors.begin(), doors.end(),
                       [](std::string_view door) { return door.starts_with("sudo"); });
}

doctor::SudoRole make_role(const policy::Role &role, const policy::Config &config)
{
    doctor::SudoRole made{role.name, policy::eligible_for(role, config), role.groups, {}};
    // With user principal names there is no list of people: anybody may be one.
    const bool is_by_name =
        config.match == policy::Config::Match::upn &&
        std::any_of(role.requesters.begin(), role.requesters.end(), [](const auto &one) {
            return one.kind != policy::Requester::Kind::local_group;
        });
    if (is_by_name)
        made.eligible = {"ALL"};
    for (const policy::SudoRule &rule : role.sudo_rules)
        made.commands.push_back({{rule.runas.substr(0, rule.runas.find(':'))}, rule.command});
    return made;
}

bool is_strict(const policy::Config &config)
{
    const auto &strict = config.strict_services;
    return std::find(strict.begin(), strict.end(), "sudo") != strict.end();
}

bool gates_all(const policy::Role &role)
{
    const auto doors = policy::doors_of(role);
    bool has_all = false;
    for (const policy::AccountPattern &one : role.accounts) {
        if (one.negated)
            return false;
        has_all = has_all || one.glob == "*";
    }
    return has_all && std::find(doors.begin(), doors.end(), "sudo") != doors.end();
}

bool is_fault(const Finding &finding)
{
    return finding.kind == Finding::Kind::fault;
}

} // namespace

std::optional<std::vector<Finding>> look_for_ways_round(const LoadedPolicy &loaded,
                                                        policy::SudoersStyle style,
                                                        const std::string &text,
                                                        const DoctorPlaces &host)
{
    const policy::Policy &policy = *loaded.policy;
    const policy::Config &config = *loaded.config;
    doctor::SudoGate gate;
    gate.is_group_style = style == policy::SudoersStyle::group;
    gate.is_everybody_gated = is_strict(config);
    std::set<std::string> role_groups;
    for (const policy::Role &role : policy.roles) {
        if (!opens_sudo(role))
            continue;
        role_groups.insert(role.groups.begin(), role.groups.end());
        gate.is_everybody_gated = gate.is_everybody_gated || gates_all(role);
        if (policy::is_for_host(role, host_of(loaded.config)))
            gate.roles.push_back(make_role(role, config));
    }

    HostFiles files{host};
    const SudoersLook look = look_at_sudoers(files, role_groups);
    const std::string path = host.etc + "/sudoers";
    if (std::any_of(files.faults().begin(), files.faults().end(),
                    [&](const Finding &one) { return one.where == path; }))
        return std::nullopt;

    doctor::SudoRules own;
    own.add("", text);
    gate.own = own.all();
    gate.judge = [&](const std::string &service) {
        auto found = doctor::judge_service(
            service, [&](const std::string &name) { return files.read_pam(name); });
        std::erase_if(found, [](const Finding &one) { return !is_fault(one); });
        return found;
    };
    gate.is_gated = [&](const std::string &user) {
        return is_strict(config) || !policy::gating_roles(policy, {"sudo", {user}}).empty();
    };
    if (const auto groups = sys::read_group_file(host.etc + "/group"))
        for (const sys::LocalGroup &each : *groups)
            gate.members[each.name].insert(each.members.begin(), each.members.end());
    std::vector<Finding> found = doctor::find_ways_round(look.rules.all(), look.side, gate);
    found.insert(found.end(), files.faults().begin(), files.faults().end());
    return found;
}

} // namespace jit::ctl
