#include "lib/base/text.h"
#include "policy/decide.h"

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
    case Refusal::outside_hours:
        return "hours";
    case Refusal::too_long:
        return "too-long";
    }
    return "refused";
}

std::string explain(Refusal refusal, std::string_view role, std::string_view user)
{
    const std::string who = safe_text(user, 64);
    const std::string what = "role \"" + safe_text(role, 64) + '"';
    switch (refusal) {
    case Refusal::none:
        return {};
    case Refusal::unknown_role:
        return "there is no " + what + " in /etc/jit/policy.d";
    case Refusal::wrong_host:
        return what + " is not for this host: its hosts name neither this host nor one of its tags";
    case Refusal::no_person:
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
    case Refusal::outside_hours:
        return what + " is closed now: its conditions have hours";
    case Refusal::too_long:
        return what + " is not granted for so long: ask for at most its max_duration";
    }
    return "the request was refused";
}

std::string explain(const Decision &decision, std::string_view role, std::string_view user)
{
    std::string line = explain(decision.refusal, role, user);
    if (decision.refusal == Refusal::outside_hours && decision.opens)
        line += ", and opens " + format_there(*decision.role->conditions.zone, *decision.opens);
    return line;
}

} // namespace jit::policy
