// The times in Microsoft Graph's answers.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/clock.h"

namespace jit::oidc {

// RFC 3339 in UTC, with or without a fraction of 1 to 9 digits: "2026-03-17T09:41:05.1234567Z".
// The fraction is dropped: the whole second before it counts. Nothing else is taken, no other
// offset, no leap second, no small letters, so that one moment is never read as another.
std::optional<WallTime> parse_graph_time(std::string_view text);

} // namespace jit::oidc
