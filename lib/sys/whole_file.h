// A file that was opened and judged by somebody else, read to its end.
#pragma once

#include <cstddef>
#include <string>

#include "lib/base/result.h"

namespace jit::sys {

// Errors: unavailable; bad_input: more than max_bytes.
Result<std::string> read_whole(int file, std::size_t max_bytes);

} // namespace jit::sys
