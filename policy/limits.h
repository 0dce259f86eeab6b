// How large a policy may be: the caps of all its readers, in one place.
#pragma once

#include <cstddef>

namespace jit::policy {

// jit-policy(5) states these four. A role holds some 1.5 kB once it is read: the old set and the
// new one fit into what jitd.service allows (MemoryMax=).
inline constexpr std::size_t max_files = 256;
inline constexpr std::size_t max_policy_file_bytes = std::size_t{256} * 1024;
inline constexpr std::size_t max_set_bytes = std::size_t{16} * 1024 * 1024; // all files together
inline constexpr std::size_t max_roles = 16'384;

// Steps spent on whether patterns of accounts are kept apart, of some nanoseconds each. A policy of
// which it can't be told with so many is refused: within two seconds. Ten thousand roles that name
// their accounts take a quarter of a million, 255 that negate each other's patterns 26 million.
inline constexpr std::size_t max_overlap_steps = std::size_t{1} << 27;

} // namespace jit::policy
