// Where this process stands: hints that keep requests from several terminals apart. jitd knows
// who we are without them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace jit::ctl {

// The terminal of standard input, output or error: "/dev/pts/1".
std::optional<std::string> read_tty();

// The login session's number in the audit system (/proc/self/sessionid); absent outside of one.
std::optional<std::int64_t> read_session();

} // namespace jit::ctl
