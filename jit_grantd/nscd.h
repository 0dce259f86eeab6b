// nscd(8), the name service's cache: whether it runs, and forgetting what it knows of groups.
#pragma once

#include <chrono>
#include <string>

#include "lib/base/result.h"

namespace jit::grantd {

inline constexpr const char *nscd_socket = "/run/nscd/socket";

// Whether somebody listens there. A socket left behind by a dead one does not answer.
bool is_nscd_running(const std::string &path = nscd_socket);

// Does what `nscd -i group` does: memberships as well are forgotten by it. Whoever asks must be
// root.
//   errors  unavailable: it does not run, says no, or answers otherwise than glibc's; timed_out
//   spec    glibc, nscd/nscd-client.h and nscd/nscd.c
Result<void> flush_nscd(const std::string &path = nscd_socket,
                        std::chrono::milliseconds patience = std::chrono::seconds{2});

} // namespace jit::grantd
