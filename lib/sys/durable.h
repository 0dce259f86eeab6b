// Files that are whole and on disk, or not there.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "lib/base/result.h"

namespace jit::sys {

// Writes a file beside `name` in a directory, syncs it, renames it over `name`, syncs the
// directory. After an error the old file, if any, is as it was and no temporary file is left.
//   directory  an open directory; borrowed
//   name       one component
Result<void> write_durable(int directory, const std::string &name, std::string_view bytes,
                           mode_t mode);

// Removes a file and syncs the directory. Absent is fine.
Result<void> remove_durable(int directory, const std::string &name);

} // namespace jit::sys
