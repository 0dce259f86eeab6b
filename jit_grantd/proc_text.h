// What proc(5) says of a process, from the text of two of its files.
#pragma once

#include <string_view>

#include "jit_grantd/outside.h"

namespace jit::grantd {

// Of /proc/PID/stat: pid, name and start. The name may hold anything, parentheses too.
//   errors  bad_input
Result<Process> parse_stat(std::string_view text);

// Of /proc/PID/status, into what parse_stat() gave: uids and groups.
//   errors  bad_input: one of the three lines is missing, or holds no numbers
Result<void> parse_status(std::string_view text, Process &process);

} // namespace jit::grantd
