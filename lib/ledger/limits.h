// Caps of root's ledger, for its one writer and for who reads it.
#pragma once

#include <chrono>
#include <cstddef>

namespace jit::ledger {

// Ledger files looked at: two days of ended grants. More means that nothing was pruned for long.
inline constexpr std::size_t max_ledger_files = 65536;
inline constexpr std::size_t max_ledger_file_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t max_groups_of_role = 64;
// How much later than its end a grant's own timer may be set.
inline constexpr std::chrono::seconds max_timer_late{35};
// Sessions of one grant that are noted to end with it. Those of more are ended by their scope
// alone.
inline constexpr std::size_t max_runs = 256;
// Processes that one record names, each with its pid and as much of its name.
inline constexpr std::size_t max_processes_said = 16;
inline constexpr std::size_t max_process_bytes = 64;

} // namespace jit::ledger
