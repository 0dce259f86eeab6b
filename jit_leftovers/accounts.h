// Accounts that have come: by the host's own files, which say nothing of when.
#pragma once

#include <string>
#include <vector>

#include "jit_leftovers/traces.h"
#include "lib/sys/local_accounts.h"

namespace jit::leftovers {

// Names that stand in a passwd file and not in the one before it, which useradd(8) and its like
// leave as passwd-; and, whenever they came, those of uid 0 besides root. How they are shown:
// "name", "name (uid 0)".
std::vector<std::string> find_new_accounts(const std::vector<sys::LocalUser> &now,
                                           const std::vector<sys::LocalUser> &before);

// Looks at passwd, shadow, group and gshadow, and at who is in the first of them.
//   root     before each path; empty on a real host
//   users    of passwd, read already
//   moments  in which jit itself changed the group files (ended.h): a change within two seconds of
//            one is taken for its own
void look_at_accounts(const std::string &root, const std::vector<sys::LocalUser> &users,
                      const std::vector<WallTime> &moments, Traces &traces);

} // namespace jit::leftovers
