// What Microsoft Graph's refusals about Privileged Identity Management mean: to the machines, as
// one of a few kinds, and to the person who waits, as a line of our own. Graph's text is never
// shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/oidc/failure.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/pim_replies.h"

namespace jit::oidc {

// How the PIM machines end when they can't do what they are for.
struct PimRefused {
    //   expired  not approved, or the token ran out, in time: a request that is open in PIM stays
    //            so, for a day, and a later run takes it up
    Failure failure = Failure::broken;
    std::string advice;         // one line for people; never empty
    std::string correlation_id; // what Graph calls the call that it refused, or our request_id
};
struct PimFault {
    enum class Kind {
        other,
        exists,    // an activation runs already (RoleAssignmentExists)
        is_open,   // a request is open already (PendingRoleAssignmentRequest)
        in_past,   // its start lay in the past (StartTimeInPast)
        context,   // an authentication context is missing (an acrs error); `demanded` may say which
        factor,    // nothing but a second factor is missing (MfaRule alone)
        too_short, // active for less than five minutes (ActiveDurationTooShort)
        is_gone,   // nothing is active (RoleAssignmentDoesNotExist)
    };
    Kind kind = Kind::other;
    Failure failure = Failure::blocked;
    std::string advice;         // one line; never empty
    std::string demanded;       // claims as of read_demand(), with cp1; empty: not said
    std::string correlation_id; // Graph's request-id, a GUID; empty: none
};

// An answer of status 4xx. Its code decides, then what its message is known to end with: claims
// after "claims=", raw or percent-encoded, and a JSON array of the rules that failed.
PimFault read_pim_fault(const HttpReply &reply);

// What a request has ended with; absent: it has not, or is provisioned.
std::optional<PimFault> find_ending(PimStatus status);

// The same advice for a rule that is seen beforehand not to be met.
//   rule  PIM's name for it in lower case, "justificationrule"
const char *explain_rule(std::string_view rule);

} // namespace jit::oidc
