// Whether two roles would gate one door for the same account.
#pragma once

#include <string>
#include <string_view>

#include "policy/model.h"

namespace jit::policy {

// A PAM service that both roles cover; empty: none.
std::string_view common_service(const Role &a, const Role &b);

// An account, or a pattern of accounts, that both could match; empty: provably none. Two patterns
// with wildcards count as common unless one role's negation covers the other's pattern.
std::string common_account(const Role &a, const Role &b);

// The rule of `accounts`: a plain pattern matches and no negated one does, in any order.
bool matches_account(const Role &role, std::string_view account);

} // namespace jit::policy
