// Users by the name service. It may block while a server behind it hangs; names that stand in
// /etc/passwd are answered at once.
#pragma once

#include <string>
#include <sys/types.h>

#include "lib/base/result.h"

namespace jit::sys {

// getpwuid_r(3), getpwnam_r(3). Errors: not_found; unavailable, also for an entry over 64 KiB.
Result<std::string> read_user_name(uid_t uid);
Result<uid_t> read_user_id(const std::string &name);

} // namespace jit::sys
