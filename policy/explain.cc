#include <algorithm>

#include "lib/base/text.h"
#include "policy/decide.h"
#include "policy/nearest.h"

namespace jit::policy {

std::string_view name_of(Refusal refusal)
{
    switch (refusal) {
    case Refusal::none:
        return "none";
    case Refusal::unknown_role:
        return "unknown-role";
    case Refusal::wrong_host:
        return "wrong-host";
    case Refusal::no_person:
        return "no-person";
    case Refusal::not_requester:
        return "not-requester";
    case Refusal::group_overage:
        return "group-overage";
    case Refusal::groups_unknown:
        return "groups-unknown";
    case Refusal::guest:
        return "guest";
    case Refusal::no_context:
        return "auth-context";
    case Refusal::stale_sign_in:
        return "auth-age";
    case Refusal::no_terminal:
        return "tty";
    case Refusal::wrong_place:
        return "from";
    case Refusal::not_vouched:
        return "not-vouched";
    case Refusal::no_reason:
        return "reason-missing";
    case Refusal::other_reason:
        return "reason-pattern";
    case Refusal::too_long:
        return "too-long";
    case Refusal::outside_hours:
        return "hours";
    case Refusal::cooling:
        return "cooldown";
    case Refusal::used_up:
        return "per-day";
    case Refusal::no_place:
        return "max-active";
    }
    return "refused";
}

std::vector<std::string_view> refusal_names()
{
    std::vector<std::string_view> names;
    for (int i = static_cast<int>(Refusal::unknown_role); i <= static_cast<int>(Refusal::no_place);
         ++i)
        names.push_back(name_of(static_cast<Refusal>(i)));
    return names;
}

std::optional<Refusal> refusal_of(std::string_view name)
{
    const auto names = refusal_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        return std::nullopt;
    return static_cast<Refusal>(static_cast<int>(Refusal::unknown_role) + (found - names.begin()));
}

namespace {

// What a role says of itself in a refusal. Absent only where there is no such role.
std::string limit_of(std::optional<std::chrono::seconds> limit)
{
    return limit ? format_duration(*limit) : "";
}

std::string hint_of(const Role &role)
{
    const std::string hint = safe_text(role.justification.hint, 128);
    return hint.empty() ? "" : ": " + hint;
}

std::string then(const Decision &decision)
{
    return decision.again ? format_there(*decision.role->conditions.zone, *decision.again) : "";
}

// What is wrong with the place, the reason or the time. Empty: something else.
std::string explain_ask(const Decision &decision, const std::string &what)
{
    const Role &role = *decision.role;
    switch (decision.refusal) {
    case Refusal::no_terminal:
        return what + " is for people at a terminal: its conditions say tty = true";
    case Refusal::wrong_place:
        return what + " is not for those who come from there: its conditions name other networks";
    case Refusal::no_reason:
        return what + " wants a reason" + hint_of(role);
    case Refusal::other_reason:
        return what + " wants a reason of another form" + hint_of(role);
    case Refusal::too_long:
        return what + " is granted for at most " + format_duration(role.max_duration) +
               ": ask for less";
    case Refusal::outside_hours:
        return what + " is closed now: its conditions have hours" +
               (decision.again ? ", and opens " + then(decision) : "");
    case Refusal::cooling:
        return what + " has a cooldown of " + limit_of(role.limits.cooldown) +
               " between two grants: ask again at " + then(decision);
    case Refusal::used_up:
        return what + " is granted for " + limit_of(role.limits.per_day) +
               " a day, and that is used up: the next day begins " + then(decision);
    case Refusal::no_place:
        return what + " is for at most " + std::to_string(role.limits.max_active.value_or(0)) +
               " at a time, and so many have it: ask again when one of them has handed it back";
    default:
        return {};
    }
}

} // namespace

std::string suggest_role(const Policy &policy, std::string_view name)
{
    std::vector<std::string_view> known;
    known.reserve(policy.roles.size());
    for (const Role &role : policy.roles)
        known.push_back(role.name);
    return suggest(name, known);
}

std::string explain(const Decision &decision, std::string_view role, std::string_view user)
{
    const std::string who = safe_text(user, 64);
    const std::string what = "role \"" + safe_text(role, 64) + '"';
    if (decision.role != nullptr)
        if (std::string line = explain_ask(decision, what); !line.empty())
            return line;
    switch (decision.refusal) {
    case Refusal::none:
        return {};
    case Refusal::unknown_role:
        return "there is no " + what + " in the policy";
    case Refusal::wrong_host:
        return what + " is not for this host: its hosts name neither this host nor one of its tags";
    case Refusal::no_person:
        if (decision.role != nullptr && !decision.role->approval.has_sign_in())
            return who +
                   " has no entry in [users] map of /etc/jit/jitd.toml, and nobody signs in "
                   "for " +
                   what +
                   ", so no person can stand behind the request; root can write the entry, or, "
                   "with match = \"upn\", " +
                   who + " can sign in once for another role";
        return who + " has no entry in [users] map of /etc/jit/jitd.toml, so no person can stand "
                     "behind the request";
    case Refusal::not_requester:
        return who + " is not among the requesters of " + what;
    case Refusal::group_overage:
        return who +
               " is in so many groups that the sign-in leaves them out, so none can be seen "
               "that is among the requesters of " +
               what +
               "; Microsoft Graph would tell if `scopes` in jitd.toml named GroupMember.Read.All, "
               "and an entry user: or approle: would do";
    case Refusal::groups_unknown:
        return "the sign-in of " + who +
               " says nothing of groups, so none can be seen that is among the requesters of " +
               what +
               "; the application's registration has to put groups into its tokens, or `scopes` in "
               "jitd.toml to name GroupMember.Read.All";
    case Refusal::guest:
        return who + "'s person is a guest of the tenant, and " + what +
               " is not for guests: its conditions would have to say guests = true";
    case Refusal::no_context:
        return "the sign-in of " + who + " did not satisfy the authentication context that " +
               what + " demands; run it again and do all that the browser page asks for";
    case Refusal::stale_sign_in:
        return "the sign-in of " + who + " is older than " + what +
               " allows, or does not say how old it is; sign out in the browser, then run it again";
    case Refusal::not_vouched:
        return what + " is as good as root, so root must have said who " + who +
               " is: by an entry in [users] map of /etc/jit/jitd.toml, or with `jitctl pins "
               "--confirm " +
               who + "`";
    default:
        break;
    }
    return "the request was refused";
}

} // namespace jit::policy
