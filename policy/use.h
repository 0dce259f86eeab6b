// What a person has had of a role so far, and what that leaves of its limits. Pure, and the same
// for both daemons, each of which counts in a ledger of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "lib/base/clock.h"
#include "policy/model.h"

namespace jit::policy {

// How far back grants matter to a limit: no cooldown is longer, and no day.
inline constexpr std::chrono::hours use_horizon{48};
inline constexpr std::chrono::hours max_cooldown{24};

// One grant of the role, from its beginning to its end: of one that lives, the one that it will
// have.
struct Spell {
    WallTime since;
    WallTime until;
};

struct Use {
    std::vector<Spell> spells;     // of this person, within the horizon, in any order
    std::size_t others_active = 0; // other people who have the role now
};

// How long a grant may be that begins now, for the budget of each day that it touches: a day is one
// of the zone, 23 or 25 hours where its clocks are set, and never begins twice.
//   returns  at most `most`; below a second: today's budget is used up
std::chrono::seconds left_of_budget(const Limits &limits, const Zone &zone, const Use &use,
                                    WallTime now, std::chrono::seconds most);

// What is left of today's budget, which there must be.
std::chrono::seconds left_today(const Limits &limits, const Zone &zone, const Use &use,
                                WallTime now);

// When the day after `at` begins in a zone.
WallTime next_day(const Zone &zone, WallTime at);

// When the cooldown after the last grant is over; absent: it is, or there is none. One that lives
// is no reason to wait: it may be renewed.
std::optional<WallTime> cool_at(const Limits &limits, const Use &use, WallTime now);

// Whether max_active leaves a place for one more person.
bool has_place(const Limits &limits, const Use &use);

} // namespace jit::policy
