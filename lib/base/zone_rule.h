// The rule by which a zone changes its clocks each year: the TZ string of POSIX (the Base
// Definitions, chapter 8, with the hours of RFC 9636 section 3.3.1), "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/zone.h"

namespace jit {

struct ZoneRule {
    // A day of each year, and a time of that day by the clocks that are left then.
    struct Date {
        enum class Kind {
            day,     // the days since the first of January, leap days counted
            julian,  // 1 to 365, the 29th of February never counted
            week_day // of a month: the first to fourth such day, or the last
        };
        Kind kind = Kind::day;
        unsigned day = 0;            // or the day of the week, Sunday is 0
        unsigned week = 0;           // 1 to 5, the last
        unsigned month = 0;          // 1 to 12
        std::chrono::seconds time{}; // may lie on another day
    };
    std::chrono::seconds standard{}; // offsets, to be added to UTC
    std::chrono::seconds summer{};
    std::optional<Date> begins; // of summer; absent: there is none
    Date ends;

    // The changes of the years from `first` to `last`, in the order of their times.
    std::vector<Zone::Change> changes(int first, int last) const;
};

//   returns  absent: it is none, or one with summer time but no dates
std::optional<ZoneRule> parse_zone_rule(std::string_view text);

} // namespace jit
