// When the timers of grants that end in one second fire. systemd starts a service for each shot,
// and a thousand of them in one second keep it busy for several; the first one that runs ends all
// that is due and stops the others' timers. So eight are exact, and the rest would come later, over
// half a minute: they are for the case that none of the eight could do it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "lib/ledger/limits.h"

namespace jit::grantd {

inline constexpr std::size_t max_exact_timers = 8;
inline constexpr std::chrono::seconds least_timer_late{5};
using ledger::max_timer_late;

// How much later than its end the timer of a grant is set.
//   exact   live grants with the same end whose own timers are exact
//   id      of the grant: spreads those that come late
//   returns zero, or from least_timer_late to max_timer_late
std::chrono::seconds late_by(std::size_t exact, std::string_view id);

} // namespace jit::grantd
