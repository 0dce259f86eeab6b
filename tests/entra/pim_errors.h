// What PIM says where it refuses.
#pragma once

#include <string_view>
#include <vector>

#include "tests/entra/graph_error.h"

namespace jit::entra {

// By its code, with the status and text that go with it; 400 for one that is not known here.
GraphError make_pim_error(std::string_view code);

// RoleAssignmentRequestPolicyValidationFailed: the text ends with a JSON array of the rules.
GraphError make_rules_error(const std::vector<std::string> &rules);

// An authentication context is missing, in the two ways that were seen: with a code of its own and
// the claims as they are, and as UnknownError with an error within the text, percent-encoded.
GraphError make_named_acrs_error(std::string_view context);
GraphError make_unknown_acrs_error(std::string_view context);

} // namespace jit::entra
