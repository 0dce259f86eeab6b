// What a group's policy in Privileged Identity Management demands of who activates a membership,
// and the ticket in a reason. The policy is read anew each time: its ids change, and PIM judges.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <jansson.h>

namespace jit::oidc {

struct PimRules {
    bool wants_reason = false;
    bool wants_ticket = false;
    std::string context;                         // authentication context, "c1"; empty: none
    std::optional<std::chrono::seconds> maximum; // how long one activation may last
};

// Path and query, from "/v1.0/" on.
//   group  a GUID
std::string policy_target(std::string_view group);

// Adds an entry of the answer: a policy with its rules for end users; one that is not of the
// group's members is passed over. Whether MFA or an approval is asked for is PIM's to say when it
// is asked: the token tells us nothing of the one, and nothing is to be done here about the other.
//   returns  false: it makes no sense
bool add_policy(PimRules &rules, const json_t *entry, std::string_view group);

// The first word of a reason that looks like a ticket, [A-Z]+-[0-9]+ of at most 64 bytes, without
// what stands around it: "INC-4711" of "(INC-4711): disk full". Empty: none.
std::string find_ticket(std::string_view reason);

} // namespace jit::oidc
