// Which boot this is.
#pragma once

#include <string>

#include "lib/base/result.h"

namespace jit::sys {

// The kernel's boot id, 36 characters (random(4), /proc/sys/kernel/random/boot_id).
Result<std::string> read_boot_id();

} // namespace jit::sys
