// Asks a person at a terminal for the reason that a role wants.
#pragma once

#include <optional>
#include <string>

#include "jitctl/output.h"

namespace jit::ctl {

// Whether there is anybody to ask.
bool can_ask(const Output &output);

// One line, without what surrounds it; empty if nothing was typed. Takes what is left of the line
// out of the terminal's buffer only: no byte of a later line is lost.
//   stop_fd  readable once the person gives up; -1: never
//   returns  absent: he gave up, or the terminal has gone
std::optional<std::string> ask_reason(const Output &output, int stop_fd);

} // namespace jit::ctl
