// Folders and small files of a daemon's own.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jit::sys {

// Opens a directory, made with the mode if it isn't there. Errors: unavailable.
Result<Fd> open_directory(const std::string &path, mode_t mode);
// The names in a directory, without "." and "..". Errors: unavailable; bad_input: too many.
Result<std::vector<std::string>> list_directory(int directory, std::size_t max_names);
// Errors: not_found; bad_input: larger than max_bytes, or not a regular file; unavailable.
Result<std::string> read_small_file(int directory, const std::string &name, std::size_t max_bytes);

} // namespace jit::sys
