// A file as its reader may read it: no rule about who wrote it, and no trust in what it says.
#pragma once

#include <cstddef>
#include <string>

#include "lib/base/result.h"

namespace jit::ctl {

// Follows links; a FIFO or a device holds nobody up.
//   directory  the descriptor that a relative name is below, or AT_FDCWD
//   errors     not_found, unavailable (with errno), bad_input: no regular file, or too large
Result<std::string> read_plainly(int directory, const std::string &name, std::size_t max_bytes);

} // namespace jit::ctl
