// Files that are whole and on disk, or not there.
#pragma once

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

#include "lib/base/result.h"

namespace jit::sys {

// Writes a file beside `name` in a directory, syncs it, renames it over `name`, syncs the
// directory. After an error the old file, if any, is as it was and no temporary file is left; only
// when the last step, the directory's sync, fails is the new file in place though not surely on
// disk.
//   directory  an open directory; borrowed
//   name       one component
//   mode       exactly this: no umask is applied
Result<void> write_durable(int directory, const std::string &name, std::string_view bytes,
                           mode_t mode);

// The same but for the directory's sync: whoever looks finds the new file, and after a power cut it
// is the old one or the new one, each whole. For who can do with either then. After an error the
// old file, if any, is as it was.
Result<void> write_atomic(int directory, const std::string &name, std::string_view bytes,
                          mode_t mode);

// As write_durable(), over a file that is there, whose owner, group and mode the new one has. The
// file that was looked at must be the one that is there still, unchanged: nobody's edit is lost.
//   old     as it was when it was read
//   errors  unavailable; denied: it has been changed meanwhile
Result<void> replace_durable(int directory, const std::string &name, std::string_view bytes,
                             const struct stat &old);

// Removes a file and syncs the directory. Absent is fine.
Result<void> remove_durable(int directory, const std::string &name);

struct NamedBytes {
    std::string name;
    std::string bytes;
};
// Many files of one directory, each as write_durable() has it, but the directory is synced once: a
// thousand cost the disk little more than one. Each is tried; the answers are in their order.
std::vector<Result<void>> write_each_durable(int directory, const std::vector<NamedBytes> &files,
                                             mode_t mode);

// Removals of one directory, for who syncs it once: until then one is seen by everybody and may be
// lost with the power.
//   take_file_away   false: it was not there
Result<bool> take_file_away(int directory, const std::string &name);
Result<void> sync_directory(int directory);

// Whether a name is that of a temporary file of write_durable(), left by a crash within it.
bool is_temporary(std::string_view name);

} // namespace jit::sys
