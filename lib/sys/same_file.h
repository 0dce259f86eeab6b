// Whether a file is still the one that was looked at.
#pragma once

#include <sys/stat.h>

namespace jit::sys {

// By device, inode, size and the times of its last changes.
bool is_same_file(const struct stat &a, const struct stat &b);

// Whether its last change is so old that another one would show in its times.
bool has_settled(const struct stat &file);

} // namespace jit::sys
