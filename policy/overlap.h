// Whether two roles would gate one door for the same account.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "policy/model.h"

namespace jit::policy {

// What two roles both gate.
struct Overlap {
    std::string_view service;
    std::string account; // or a pattern of accounts,
    std::string other{}; // with what such an account matches besides; empty: nothing else
};

// The one judgement of a pair, to which find_overlaps() must come too: absent if no service is
// common, or provably no account, or if the two may share what is.
std::optional<Overlap> find_overlap(const Role &a, const Role &b);

// Roles with equal texts may stand before one door together. Empty: with no other.
std::string sharing_of(const Role &role);

// A PAM service that both roles cover; empty: none.
std::string_view common_service(const Role &a, const Role &b);

// An account, or a pattern of accounts and perhaps one more, that both could match; nothing:
// provably none. Two patterns with wildcards that have a name in common count unless one role's
// negation covers the other's pattern.
std::pair<std::string, std::string> common_account(const Role &a, const Role &b);

// Whether whatever a glob matches is refused by a pattern, which is a negation's.
bool is_covered(std::string_view glob, std::string_view by);

// The rule of `accounts`: a plain pattern matches and no negated one does, in any order.
bool matches_account(const Role &role, std::string_view account);

} // namespace jit::policy
