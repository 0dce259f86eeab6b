// Durations as Graph writes them (ISO 8601): "PT1H30M", "P1DT2H".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace jit::entra {

// Days, hours, minutes and seconds, whole ones, in this order.
std::optional<std::chrono::seconds> parse_iso_duration(std::string_view text);
std::string format_iso_duration(std::chrono::seconds duration); // "PT0S" at least

} // namespace jit::entra
