// Time zones as data, and moments in them: what a test expects does not depend on the host's
// tzdata.
#pragma once

#include <chrono>

#include "lib/base/zone.h"

namespace jit::policy::test {

// A moment in UTC.
inline WallTime utc(int year, unsigned month, unsigned day, int hour, int minute = 0,
                    int second = 0)
{
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    return WallTime{date.time_since_epoch() + std::chrono::hours{hour} +
                    std::chrono::minutes{minute} + std::chrono::seconds{second}};
}

inline Zone greenwich()
{
    return {"UTC", std::chrono::seconds{0}, {}};
}

// 2026: the wall jumps from 02:00 to 03:00 on March 29, and from 03:00 back to 02:00 on October 25.
inline Zone berlin()
{
    using std::chrono::hours;
    return {"Europe/Berlin",
            hours{1},
            {{utc(2026, 3, 29, 1), hours{2}}, {utc(2026, 10, 25, 1), hours{1}}}};
}

// As in 2018: the day of November 4 begins at 01:00, and that of February 16 has 25 hours, since
// its midnight shows 23:00 once more.
inline Zone sao_paulo()
{
    using std::chrono::hours;
    return {"America/Sao_Paulo",
            hours{-3},
            {{utc(2018, 11, 4, 3), hours{-2}}, {utc(2019, 2, 17, 2), hours{-3}}}};
}

// Samoa went over the date line: no wall there ever showed December 30 of 2011.
inline Zone apia()
{
    using std::chrono::hours;
    return {"Pacific/Apia", hours{-10}, {{utc(2011, 12, 30, 10), hours{14}}}};
}

} // namespace jit::policy::test
