// A time zone as data, so that what is decided by the clock on a wall needs no file and no clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"

namespace jit {

// Which offset from UTC a place has, and when it changes.
struct Zone {
    struct Change {
        WallTime at;
        std::chrono::seconds offset; // from then on, to be added to UTC; another than before
    };

    std::string name;               // "Europe/Berlin"
    std::chrono::seconds offset{0}; // before the first change
    std::vector<Change> changes;    // in the order of their times, each later than the one before

    std::chrono::seconds offset_at(WallTime at) const;
    // What the clock on the wall shows: seconds since 1970 began there.
    std::chrono::seconds shown_at(WallTime at) const
    {
        return at.time_since_epoch() + offset_at(at);
    }
    // The first change after a time; absent: none is known.
    std::optional<WallTime> next_change(WallTime after) const;
};

// Reads a zone as tzdata has it: TZif of version 2 or later (RFC 9636), with the rule of its footer
// carried out up to the year 2100; after that the last offset stays. Hostile bytes give nothing.
//   returns  absent: it is no such file, or counts leap seconds, which the clocks here do not
std::optional<Zone> parse_zone(std::string_view name, std::string_view bytes);

} // namespace jit
