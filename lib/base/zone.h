// A time zone as data, so that what is decided by the clock on a wall needs no file and no clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"

namespace jit {

// Which offset from UTC a place has, and when it changes (RFC 9636 has what a zone is).
struct Zone {
    struct Change {
        WallTime at;
        std::chrono::seconds offset; // from then on, to be added to UTC
    };

    std::string name;               // "Europe/Berlin"
    std::chrono::seconds offset{0}; // before the first change
    std::vector<Change> changes;    // in the order of their times

    std::chrono::seconds offset_at(WallTime at) const
    {
        const auto after = first_after(at);
        return after == changes.begin() ? offset : std::prev(after)->offset;
    }
    // The first change after a time; absent: none is known.
    std::optional<WallTime> next_change(WallTime after) const
    {
        const auto next = first_after(after);
        return next == changes.end() ? std::nullopt : std::optional{next->at};
    }

  private:
    std::vector<Change>::const_iterator first_after(WallTime at) const
    {
        return std::upper_bound(
            changes.begin(), changes.end(), at,
            [](WallTime time, const Change &change) { return time < change.at; });
    }
};

} // namespace jit
