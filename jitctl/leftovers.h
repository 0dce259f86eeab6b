// How what an ended grant has left behind is shown.
#pragma once

#include <string>
#include <vector>

#include "lib/ipc/leftovers.h"

namespace jit::ctl {

// One line each: "left behind: setuid /usr/local/bin/x (2026-03-17T09:45:10Z)".
std::vector<std::string> format_leftovers(const ipc::Leftovers &leftovers);

} // namespace jit::ctl
