// Every cap of the root helper, in one place.
#pragma once

#include <chrono>
#include <cstddef>

#include "policy/limits.h"

namespace jit::grantd {

// Live grants of this host. Each costs every group lookup a directory entry to look at.
inline constexpr std::size_t max_live = 256;
// The list of all live grants must fit into one frame (lib/ipc/frame.h).
inline constexpr std::size_t max_list_bytes = 64 * 1024 - 256;

// Ledger files looked at: two days of ended grants. More means that nothing was pruned for long.
inline constexpr std::size_t max_ledger_files = 65536;
// Entries, ended ones included, past which nothing is granted: a daemon gone bad that makes and
// ends grants in a loop must not fill the ledger until no end can read it.
inline constexpr std::size_t max_entries = 8192;
inline constexpr std::size_t max_ledger_file_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t max_groups_of_role = 64;

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
