// OData's $filter, as much of it as PIM takes: comparisons by eq, joined by and.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace jit::entra {

// groupId eq 'X' and status eq 'Y': the texts by name. Nothing where it is anything else.
std::optional<std::map<std::string, std::string>> parse_filter(std::string_view text);

} // namespace jit::entra
