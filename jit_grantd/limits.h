// Every cap of the root helper, in one place.
#pragma once

#include <chrono>
#include <cstddef>

#include "policy/limits.h"

namespace jit::grantd {

// Live grants of this host. Each costs every group lookup a directory entry to look at.
inline constexpr std::size_t max_live = 1024;
// A page of the list must fit into one frame (lib/ipc/frame.h).
inline constexpr std::size_t max_page_bytes = 64 * 1024 - 256;
// Faults of one kind that are each told when many grants end at once; the rest is counted.
inline constexpr std::size_t max_told_faults = 8;

// Entries, ended ones included, past which nothing is granted: a daemon gone bad that makes and
// ends grants in a loop must not fill the ledger until no end can read it.
inline constexpr std::size_t max_entries = 10'240;

// Of /proc: status lists up to 65,536 groups (NGROUPS_MAX) of at most 11 bytes.
inline constexpr std::size_t max_proc_file_bytes = std::size_t{1} << 20;
// The kernel's own limit of pids (PID_MAX_LIMIT), and what else is in the folder.
inline constexpr std::size_t max_processes = (std::size_t{1} << 22) + 1024;

inline constexpr std::size_t max_config_bytes = 1U << 20;
// The policy's files (policy/limits.h) as JSON, in which a quote and a line's end take two bytes.
inline constexpr std::size_t max_last_good_bytes = 2 * policy::max_set_bytes + (1U << 20);

// How long an ended grant stays in the ledger.
inline constexpr std::chrono::hours keep_ended{48};

// How long after an end a member of the group file who stands there again is one whom a program has
// written back that had read the file before.
inline constexpr std::chrono::minutes remnant_window{2};

// How long one process waits for another that holds the lock.
inline constexpr std::chrono::seconds lock_patience{10};

// How long one waits for another program that works on the account files: those do so for
// milliseconds, but for an editor, whose user may be away.
inline constexpr std::chrono::seconds account_patience{2};

// A service that nobody has called for so long ends; its socket starts it again.
inline constexpr std::chrono::seconds idle_exit{60};

// Connections: jitd needs one or two; root's places are kept free.
inline constexpr std::size_t max_connections = 16;
inline constexpr std::size_t connections_for_root = 4;
inline constexpr std::size_t connections_of_one_user = 8;
inline constexpr std::chrono::seconds frame_patience{2};

} // namespace jit::grantd
