// What the bytes of /proc/self/cmdline say: arguments, each ended by a NUL. They are the user's own
// words, so they are a hint for people and logs, and never decide who may pass.
#pragma once

#include <string_view>

#include "lib/base/fixed_text.h"

namespace jit::pam {

inline constexpr std::size_t max_command_bytes = 256;

// Is this sudo told not to ask: -n, alone or in a cluster, or --non-interactive? Read as sudo reads
// its options, which end at the command.
bool is_non_interactive(std::string_view command_line);

// Program and arguments with a space between, cut.
//   is_sudo  leave out sudo itself and its options: what it was asked to run, if it was named
void write_command(std::string_view command_line, bool is_sudo, FixedText<max_command_bytes> &out);

} // namespace jit::pam
