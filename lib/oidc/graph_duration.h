// The durations in Microsoft Graph's questions and answers (ISO 8601, section 5.5.2).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace jit::oidc {

// "PT8H" "PT1H30M" "P1D" "P1DT12H" "PT5400S": days, hours, minutes and seconds in this order, each
// at most once. Weeks, months, years, signs and fractions are not taken; 1 s to 366 days.
std::optional<std::chrono::seconds> parse_graph_duration(std::string_view text);

// In one unit, the largest that is whole: "PT2H" "PT90M" "PT61S".
std::string format_graph_duration(std::chrono::seconds duration);

} // namespace jit::oidc
