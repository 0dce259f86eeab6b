// Every cap of the search, in one place.
#pragma once

#include <chrono>
#include <cstddef>

namespace jit::leftovers {

using namespace std::chrono_literals;

// Grants end in bursts, and the ledger changes several times for each: all that ended within this
// are looked for together, and the search is no part of anybody's waiting.
inline constexpr std::chrono::milliseconds settle = 5s;
// After a search the next one waits four times as long as it took, so that a host on which grants
// end all the time is searched a fifth of the time at most.
inline constexpr int rests_for_one = 4;
inline constexpr std::chrono::milliseconds longest_rest = 60s;
// Then the unit's next start goes on.
inline constexpr int max_rounds = 8;

// One search: what it takes on the largest host.
inline constexpr std::chrono::milliseconds longest_search = 300s;
inline constexpr std::size_t max_files = 5'000'000;
// One descriptor each.
inline constexpr int max_depth = 128;
// Of one place with a meaning of its own, such as /etc/cron.d: a user who fills one of his folders
// hides nothing but that.
inline constexpr std::size_t max_files_of_place = 10'000;
inline constexpr std::size_t max_files_of_home_place = 1'000;
inline constexpr int depth_of_place = 4;
inline constexpr std::size_t max_homes = 10'000;

// Kept in memory until they are given to their grants, apart: no user displaces what is root's.
inline constexpr std::size_t max_traces_of_root = 8'192;
inline constexpr std::size_t max_traces_of_others = 2'048;

inline constexpr std::size_t max_mountinfo_bytes = std::size_t{4} << 20;
inline constexpr std::size_t max_reports = 65'536;

} // namespace jit::leftovers
