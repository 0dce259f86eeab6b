// What others have said to a request, and what of it counts.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "policy/model.h"

namespace jit::daemon {

// One person's yes, by his own sign-in for this one request.
struct GivenApproval {
    std::string oid;
    std::string user;                // as whom he is known on this host
    std::vector<std::string> groups; // those that his sign-in, or Graph, said he is in, of the
                                     // role's approvers at that time
    WallTime at{};
};

// The object ids of the role's approvers, by the policy of now, who have approved, in the order of
// their approvals: each once, never the requester's.
std::vector<std::string> find_approvers(const policy::Role &role, std::string_view requester_oid,
                                        std::span<const GivenApproval> given);

// How many they are.
std::size_t count_approvals(const policy::Role &role, std::string_view requester_oid,
                            std::span<const GivenApproval> given);

// With a space between two.
std::string name_approvers(std::span<const std::string> oids);

// The other way round: what name_approvers() made.
std::vector<std::string> split_approvers(std::string_view oids);

} // namespace jit::daemon
