// The host's own group file, read without the name service: it can't block, and memberships made
// through the user database never show in it.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/base/result.h"

namespace jit::sys {

// The groups of /etc/group that list a user, and the one that is the user's own in /etc/passwd.
//   user     a name (is_name)
//   errors   unavailable: a file could not be read
Result<std::vector<std::string>> read_local_groups(const std::string &user);
// The same from files of other names.
Result<std::vector<std::string>> read_local_groups(const std::string &user,
                                                   const std::string &group_file,
                                                   const std::string &passwd_file);

// The names given, and every other one that the passwd file has for a uid of one of them.
//   errors   unavailable: the file could not be read
Result<std::vector<std::string>> add_same_uid(std::vector<std::string> names,
                                              const std::string &passwd_file = "/etc/passwd");

struct LocalGroup {
    std::string name;
    gid_t gid = 0;
    std::vector<std::string> members;
};

// All lines of a group file, in its order.
Result<std::vector<LocalGroup>> read_group_file(const std::string &path = "/etc/group");

} // namespace jit::sys
