// A decision as a person would argue it: rule by rule, those too that the decision never came to.
#pragma once

#include <optional>
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
//   requester_oid  who is counted among no approvers; empty: not known
std::string approval_of(const Role &role, std::string_view requester_oid = {});

// In the order in which decide() looks at them: the first that is unmet is its refusal, and there
// is one exactly if it refuses; then the approval, of which only its mode is known. Parameters as
// of decide(), but for the role, which there is.
std::vector<Finding> argue(const Role &role, const Ask &ask, const Person &person, const Host &host,
                           const Use &use, WallTime now);

// Whether jitd lets an account ask for a role, which decide() is not told of: a UID below 1000 has
// to be allowed, and named in the map; root has all that there is.
//   is_by_name  its person would be found by his user principal name
bool takes_uid(const Role &role, unsigned uid, bool is_by_name);

// The same, argued. Absent uid: the host has no such user, so it will be seen later.
Finding argue_uid(const Role &role, std::string_view user, std::optional<unsigned> uid,
                  bool is_by_name);

// Which doors of the role somebody finds open who comes to them as this account: `accounts`, which
// only says what a grant is good for. Unmet is no refusal.
Finding argue_doors(const Role &role, std::string_view account);

} // namespace jit::policy
