// What a Varlink message may be, for every reader and writer of them.
#pragma once

#include <cstddef>

namespace jit::ipc {

inline constexpr std::size_t max_frame_bytes = std::size_t{64} * 1024; // the NUL not counted
inline constexpr unsigned max_depth = 16; // objects and arrays within each other

// What sshd says of a login: SSH_CONNECTION, SSH_AUTH_INFO_0.
inline constexpr std::size_t max_connection_bytes = 128;
inline constexpr std::size_t max_proof_bytes = 4096;

// Groups that the shell of su gets: no role has more.
inline constexpr std::size_t max_carried_groups = 16;

} // namespace jit::ipc
