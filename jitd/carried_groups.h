// Which groups of a grant go on to the shell that su starts: carry, jit-policy(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/sys/local_accounts.h"

namespace jit::daemon {

// The gid by which the module adds a group; absent: the file does not have it, its gid is 0, or
// another one has that gid as well, of which the shell would be a member, too.
std::optional<std::uint32_t> find_gid(const std::string &group,
                                      const std::vector<sys::LocalGroup> &file);

// The same for all by /etc/group; one that is left out is a warning in the journal.
std::vector<std::uint32_t> find_carried(const std::vector<std::string> &groups);

} // namespace jit::daemon
