#include "jit_grantd/checks.h"

#include "jit_grantd/standing.h"
#include "jit_grantd/use.h"
#include "lib/base/text.h"
#include "policy/decide.h"
#include "policy/overlap.h"
#include "policy/root_groups.h"

namespace jit::grantd {

namespace {

constexpr uid_t first_person = 1000;
// nobody: nss-systemd leaves it out, and files of strangers belong to it.
constexpr uid_t nobody = 65534;

std::string quote(std::string_view text)
{
    return "'" + safe_text(text, 255) + "'";
}

Refusal why_not(const std::string &what, const std::string &name, const Error &error)
{
    if (error.code == Code::not_found)
        return refuse(what + " " + quote(name) + " does not exist");
    return unavailable("cannot look up " + what + " " + quote(name), error);
}

// Who comes as a shared account is jitd's word, as all that the provider alone knows.
std::optional<Refusal> check_shared(const ipc::GrantCall &call, const policy::Role &role,
                                    const policy::Config &config)
{
    if (!policy::matches_account(role, call.user))
        return refuse("role " + quote(role.name) + " is not for account " + quote(call.user));
    if (config.is_entra && !is_guid(call.oid))
        return refuse("not the object id of a person: " + quote(call.oid));
    return std::nullopt;
}

std::optional<Refusal> check_person(const ipc::GrantCall &call, const policy::Config &config)
{
    const std::string_view person = config.person_of(call.user);
    // Who signed in by that name is jitd's word, as what the provider alone knows.
    const bool is_by_name = !config.upn_of(call.user).empty();
    if (person.empty() && !is_by_name)
        return refuse("user " + quote(call.user) + " has no entry in [users].map");
    if (!person.empty() && person != call.oid)
        return refuse("user " + quote(call.user) + " is another person in [users].map");
    if (is_by_name && !is_guid(call.oid))
        return refuse("not the object id of a person: " + quote(call.oid));
    return std::nullopt;
}

Answer<Accounts::User> check_user(const ipc::GrantCall &call, const policy::Role &role,
                                  const policy::Config &config, Accounts &accounts)
{
    if (!is_name(call.user))
        return refuse("not the name of a user: " + quote(call.user));
    if (auto no = role.shared ? check_shared(call, role, config) : check_person(call, config))
        return *std::move(no);
    auto user = accounts.find_user(call.user);
    if (!user)
        return why_not("user", call.user, user.error());
    // A name service that folds case answers with a name of its own: the membership would be of
    // somebody else's.
    if (user->name != call.user)
        return refuse("the name service knows user " + quote(call.user) + " by another name");
    if (user->uid == 0 || user->uid == nobody)
        return refuse("user " + quote(call.user) + " is root or nobody");
    const bool is_by_name = !role.shared && !config.upn_of(call.user).empty();
    if (user->uid < first_person && is_by_name)
        return refuse("user " + quote(call.user) +
                      " is a system account, and has no entry in [users].map");
    if (user->uid < first_person && !role.allow_system_accounts)
        return refuse("user " + quote(call.user) + " is a system account, and role " +
                      quote(role.name) + " has no allow_system_accounts");
    return *std::move(user);
}

std::optional<Refusal> check_standing(const Accounts::User &user, const std::string &oid,
                                      const policy::Role &role, Accounts &accounts,
                                      const std::vector<Entry> &entries, WallTime now)
{
    auto local = accounts.local_groups(user.name);
    if (!local)
        return unavailable("cannot read the local groups of " + quote(user.name), local.error());
    policy::Person person;
    person.user = user.name;
    person.oid = oid;
    person.local_groups = standing_groups(*std::move(local), user.name, entries, now);
    // What the provider alone knows (group:, approle:) is jitd's word; the rest is decided here.
    if (policy::standing_of(role, person) == policy::Standing::stranger)
        return refuse("user " + quote(user.name) + " is not among the requesters of role " +
                      quote(role.name));
    return std::nullopt;
}

Answer<gid_t> check_group(const std::string &group, const policy::Role &role, Accounts &accounts)
{
    if (!is_name(group))
        return refuse("not the name of a group: " + quote(group));
    if (policy::is_root_equivalent(group) && !role.allow_root_equivalent)
        return refuse("group " + quote(group) + " is equivalent to root");
    const auto gid = accounts.find_group(group);
    if (!gid)
        return why_not("group", group, gid.error());
    if (*gid == 0)
        return refuse("group " + quote(group) + " has gid 0");
    const auto names = accounts.names_of_gid(*gid);
    if (!names)
        return unavailable("cannot look for groups that share the gid of " + quote(group),
                           names.error());
    for (const std::string &name : *names)
        if (name != group)
            return refuse("group " + quote(group) + " shares its gid with group " + quote(name));
    return *gid;
}

} // namespace

Answer<Checked> check_grant(const ipc::GrantCall &call, const RuleSet &rules, Accounts &accounts,
                            const std::vector<Entry> &entries, WallTime now)
{
    if (!is_id(call.id))
        return refuse("not an id: " + quote(call.id));
    if (call.policy != rules.digest)
        return Refusal{Refusal::Kind::policy_mismatch,
                       "the request was decided by another policy than the one in force"};
    const policy::Role *const role = rules.policy->find(call.role);
    if (role == nullptr)
        return refuse("there is no role " + quote(call.role));
    const policy::Host host{rules.config.host_name, rules.config.host_tags};
    if (!host.name.empty() && !policy::is_for_host(*role, host))
        return refuse("role " + quote(role->name) + " is not for this host");
    if (call.duration < std::chrono::seconds{1} || call.duration > role->max_duration)
        return refuse("role " + quote(role->name) + " is granted for at most " +
                      format_duration(role->max_duration));
    auto user = check_user(call, *role, rules.config, accounts);
    if (!user)
        return user.refusal();
    if (auto no = check_standing(*user, call.oid, *role, accounts, entries, now))
        return *std::move(no);
    const Who who{role->shared ? std::nullopt : std::optional{user->uid}, call.oid};
    const auto time =
        policy::decide_time(*role, call.duration, count_use(entries, role->name, who, now), now);
    if (time.is_refused())
        return refuse(policy::explain(time, role->name, user->name));
    Checked checked{*std::move(user), {}, {}, time.duration, rules.config.backend, std::nullopt};
    if (role->end.action == policy::End::Action::terminate)
        checked.grace = role->end.grace;
    for (const std::string &group : role->groups) {
        const auto gid = check_group(group, *role, accounts);
        if (!gid)
            return gid.refusal();
        checked.groups.push_back(group);
        checked.gids.push_back(*gid);
    }
    if (checked.groups.empty())
        return refuse("role " + quote(role->name) + " has no group");
    // With auto there is another way then; the group file, it watches.
    if (checked.backend == policy::Config::Backend::userdb && accounts.has_cache() &&
        !accounts.flush_cache())
        return Refusal{Refusal::Kind::unavailable,
                       "nscd is running and does not forget when it is told to: it would hide the "
                       "end of a membership"};
    return checked;
}

} // namespace jit::grantd
