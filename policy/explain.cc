#include "lib/base/text.h"
#include "policy/decide.h"

namespace jit::policy {

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
               what + "; an entry user: or approle: would do";
    case Refusal::too_long:
        return what + " is not granted for so long: ask for at most its max_duration";
    }
    return "the request was refused";
}

} // namespace jit::policy
