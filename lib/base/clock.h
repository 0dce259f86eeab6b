// The one place that reads a clock. Wall time and time since boot are different types, so neither
// can be compared with the other by mistake.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace jit {

struct WallClock {
    using duration = std::chrono::seconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<WallClock, duration>;
};

struct BootClock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock, duration>;
};

// UTC, whole seconds since 1970.
using WallTime = WallClock::time_point;
// Microseconds since the machine booted, time asleep included (CLOCK_BOOTTIME).
using BootTime = BootClock::time_point;

// Both clocks, read together: what every decision over time is given.
struct Now {
    WallTime wall;
    BootTime boot;
};

inline WallTime wall_time()
{
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return WallTime{std::chrono::seconds{t.tv_sec}};
}

inline BootTime boot_time()
{
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return BootTime{std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_nsec / 1000}};
}

// What this thread has used of a processor so far.
inline std::chrono::microseconds thread_time()
{
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_nsec / 1000};
}

inline Now read_clocks()
{
    return {wall_time(), boot_time()};
}

} // namespace jit
