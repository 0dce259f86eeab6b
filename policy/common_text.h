// Whether two globs have a text in common.
#pragma once

#include <string_view>

namespace jit::policy {

// Exact: whether any text is matched by both, as matches_glob() matches. Mostly a look at both
// ends, at worst the product of the lengths.
bool have_common_text(std::string_view a, std::string_view b);

// What stands before the first wildcard. Two globs have a text in common only if one's is what the
// other's begins with.
std::string_view stem_of(std::string_view glob);

} // namespace jit::policy
