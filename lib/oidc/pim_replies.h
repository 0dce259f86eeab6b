// What Microsoft Graph says of one person's membership in one group through Privileged Identity
// Management (Graph v1.0, privilegedAccessGroup...): eligible, active, asked for. Everything is
// read for exactly that group and person; ids and the words of Graph in either case, as it sends
// both.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <jansson.h>

#include "lib/base/clock.h"
#include "lib/base/secret.h"

namespace jit::oidc {

// Who asks for what, where, and until when: what each of the PIM machines is given.
struct PimWho {
    std::string graph_host;
    SecretString token;     // for Graph, of the person who signed in
    std::string group;      // its object id
    std::string oid;        // the person's
    std::string request_id; // sent as client-request-id
    BootTime deadline;      // nothing outlives it
};

// Whether both are GUIDs: they go into URLs and are compared with what comes back.
bool is_pim_subject(const PimWho &who);

// Paths and queries, from "/v1.0/" on. `request` is an id of read_pim_request().
std::string eligibility_target();
std::string instances_target();
std::string requests_target();
std::string own_requests_target(const PimWho &who);
std::string request_target(std::string_view request);
std::string cancel_target(std::string_view request);

// An entry of the eligibility list: whether it makes our person eligible as a member of our group,
// himself or through another group.
bool makes_eligible(const json_t *entry, const PimWho &who);

// The person's membership in the group, by the list of instances.
struct PimMembership {
    std::optional<WallTime> until; // an activation runs so long; the earliest end of several
    std::string schedule;          // of that one, as read_pim_id() reads it; empty: not said
    bool has_ended = false;        // one is still listed, and its end has passed
    bool is_standing = false;      // a membership that was assigned, not activated
};
// Adds one entry. What is of another group, or an owner's, is passed over.
//   returns  false: it makes no sense, above all an activation in our group of another person, or
//            one whose end or schedule can't be read
bool add_instance(PimMembership &found, const json_t *entry, const PimWho &who, WallTime now);

enum class PimStatus {
    approval, // waits for an approver
    pending,  // anything else on its way
    unknown,  // a word that is not known here: on its way as well
    provisioned,
    denied,
    failed,
    canceled,
    revoked,
};

struct PimRequest {
    std::string id; // 1 to 64 hex digits and '-'
    PimStatus status = PimStatus::unknown;
    // Absent: not said, or not to be read.
    std::optional<WallTime> created;
    std::optional<WallTime> starts;
};
// A request to activate this person's membership in this group; absent: it is not, or makes no
// sense.
std::optional<PimRequest> read_pim_request(const json_t *object, const PimWho &who);

// The status in the answer to a request to deactivate it; absent: it is not that.
std::optional<PimStatus> read_deactivation(const json_t *object, const PimWho &who);

} // namespace jit::oidc
