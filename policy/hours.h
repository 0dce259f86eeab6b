// Weekly windows of a role, conditions.hours: "Mon..Fri 08:00-18:00", by the clock on the wall of
// one time zone. Pure: the zone's changes are data.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/zone.h"

namespace jit::policy {

// One entry of conditions.hours: some days of the week, each with one window that begins on it. One
// whose end is before its beginning ends on the next day.
struct Window {
    std::array<bool, 7> days{}; // from Monday
    std::chrono::minutes begin{};
    std::chrono::minutes end{}; // of the same day; past 24:00 when it ends on the next one
};

// DAYS HH:MM-HH:MM, where DAYS is Mon, Mon..Fri, a list of those with commas, or left out for every
// day; 24:00 is the end of a day.
//   returns  absent: it is none, or a window without length
std::optional<Window> parse_window(std::string_view text);

// Whether one of the windows is open. Where clocks are set back, what the wall shows counts, both
// times that it shows it; what it leaves out when they are set forward is in no window.
bool is_open(const std::vector<Window> &windows, const Zone &zone, WallTime at);

// When the windows that are open at `at` have all closed, those that open meanwhile included.
//   limit    how far ahead it matters: later is told as `at + limit`
//   returns  at most `at + limit`; `at` itself if none is open
WallTime closes_at(const std::vector<Window> &windows, const Zone &zone, WallTime at,
                   std::chrono::seconds limit);

// When one of the windows opens next; `at` itself if one is open. Looks fifteen days ahead:
// the clocks may leave one out.
std::optional<WallTime> opens_at(const std::vector<Window> &windows, const Zone &zone, WallTime at);

// "Mon 2026-11-30 08:00 Europe/Berlin": a moment as the wall there shows it.
std::string format_there(const Zone &zone, WallTime at);

} // namespace jit::policy
