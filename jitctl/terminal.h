// Asks a person at a terminal, and hears when he gives up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jitctl/output.h"

namespace jit::ctl {

// Whether there is anybody to ask.
bool can_ask(const Output &output);

// One line, without what surrounds it; empty if nothing was typed. Takes what is left of the line
// out of the terminal's buffer only: no byte of a later line is lost.
//   stop_fd  readable once the person gives up; -1: never
//   returns  absent: he gave up, or the terminal has gone
std::optional<std::string> ask_line(const Output &output, std::string_view prompt, int stop_fd);

// The terminal that keys are heard from, while this is its foreground job; -1: none.
int keys_of_terminal();

// Adds what was typed to a line, while keys_of_terminal() is readable.
enum class Typed {
    some, // its end has not come
    line, // it is whole, its newline taken off
    none, // no more will come
};
Typed read_typed(std::string &line);

// Forgets what was typed before it was asked for: nobody shall say yes to what he has not read.
void forget_typed();

// Takes the signal out of stop_fd. True: SIGTERM, which asks nobody; what is no signalfd is Ctrl-C.
bool take_stop(int stop_fd);

// "  text" cut off blanks at both ends.
std::string trim(const std::string &text);

} // namespace jit::ctl
