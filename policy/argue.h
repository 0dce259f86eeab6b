// A decision as a person would argue it: rule by rule, those too that the decision never came to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/decide.h"

namespace jit::policy {

struct Finding {
    enum class Verdict {
        met,
        unmet,
        later, // the sign-in, the person, or who approves will tell
        unset  // the role has no such rule
    };
    std::string_view rule; // as the policy file names it: "conditions.hours"
    Verdict verdict = Verdict::unset;
    std::string text; // one line, safe to print; empty where the rule is unset
};

std::string_view name_of(Finding::Verdict verdict);

// What follows where decide() finds nothing against a request: "then a second person of 3 approvers
// approves". Empty: the requester's sign-in is all, or not even that is asked for.
std::string approval_of(const Role &role);

// In the order in which decide() looks at them: the first that is unmet is its refusal, and there
// is one exactly if it refuses; then the approval, of which only its mode is known. Parameters as
// of decide(), but for the role, which there is.
std::vector<Finding> argue(const Role &role, const Ask &ask, const Person &person, const Host &host,
                           const Use &use, WallTime now);

} // namespace jit::policy
