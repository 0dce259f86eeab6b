// The host's own group file, read without the name service: it can't block, and memberships made
// through the user database never show in it.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace jit::sys {

// The groups of /etc/group that list a user, and the one that is the user's own in /etc/passwd.
//   user     a name (is_name)
//   errors   unavailable: a file could not be read
Result<std::vector<std::string>> read_local_groups(const std::string &user);

} // namespace jit::sys
