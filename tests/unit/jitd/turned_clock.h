// The clocks of a test, which goes through an hour in a moment: what the program and its libraries
// read is the machine's, turned on by so much. The kernel's timers are not: they are looked at in
// each turn of the loop, whatever has rung. Into one source of a program.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/clock.h"

namespace jit::test {

inline std::chrono::seconds turned_on{0}; // both clocks
inline std::chrono::seconds wall_ahead{0};

// From here on it is that time.
inline void set_wall(WallTime now)
{
    wall_ahead += now - wall_time();
}

} // namespace jit::test

// Found by libsystemd, too: it looks for it in the program first.
extern "C" [[gnu::visibility("default")]] int clock_gettime(clockid_t clock, timespec *t) noexcept
{
    const auto r = static_cast<int>(syscall(SYS_clock_gettime, clock, t));
    if (r == 0 && clock != CLOCK_THREAD_CPUTIME_ID && clock != CLOCK_PROCESS_CPUTIME_ID)
        t->tv_sec += static_cast<time_t>(
            (jit::test::turned_on +
             (clock == CLOCK_REALTIME ? jit::test::wall_ahead : std::chrono::seconds{0}))
                .count());
    return r;
}
