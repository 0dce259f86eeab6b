// The host's own group file, read without the name service: it can't block, and memberships made
// through the user database never show in it.
#pragma once

#include <string>
#include <sys/stat.h>
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

// Which names are one uid in the passwd file. That is asked at each sudo and the file changes
// seldom: it is read when it is another one than the last time, and while it is so new that a
// change within one tick of the file system's clock could not be seen.
class LocalNames
{
  public:
    explicit LocalNames(std::string passwd_file = "/etc/passwd") : path_(std::move(passwd_file)) {}

    // The names given, and every other one that the file has for a uid of one of them.
    //   errors   unavailable: the file could not be read
    Result<std::vector<std::string>> add_same_uid(std::vector<std::string> names);

  private:
    Result<void> read();

    std::string path_;
    struct stat seen_ = {};
    bool is_read_ = false;
    std::vector<std::vector<std::string>> shared_; // the names of each uid that has several
};

struct LocalUser {
    std::string name;
    uid_t uid = 0;
    std::string home;
};

// All lines of a passwd file, in its order.
Result<std::vector<LocalUser>> read_passwd_file(const std::string &path = "/etc/passwd");

struct LocalGroup {
    std::string name;
    gid_t gid = 0;
    std::vector<std::string> members;
};

// All lines of a group file, in its order.
Result<std::vector<LocalGroup>> read_group_file(const std::string &path = "/etc/group");

} // namespace jit::sys
