// The command line of jitctl(1). The only file behind it that sees CLI11, which is slow to compile
// and throws.
#pragma once

#include <optional>
#include <string>

#include "jitctl/command.h"

namespace jit::ctl {

// A command; or, without one, text to show: help on stdout with exit 0, a fault on stderr with
// exit 2.
struct Parsed {
    std::optional<Command> command;
    bool is_help = false;
    std::string text;
    bool json = false; // what is wrong is wanted as an object, too
};

// Throws only for want of memory.
Parsed parse_arguments(int argc, const char *const *argv);

} // namespace jit::ctl
