// Who is listed in the host's own group file, asked at each sudo of a host whose memberships are
// kept there: one look at the file, and a reading only where it has changed.
#pragma once

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace jit::sys {

class GroupMembers
{
  public:
    explicit GroupMembers(std::string group_file = "/etc/group") : path_(std::move(group_file)) {}

    // Whether the file lists the user in the group now. A file that can't be read lists nobody.
    bool has(std::string_view user, std::string_view group);

  private:
    bool read();

    std::string path_;
    struct stat seen_ = {};
    bool is_read_ = false;
    std::vector<std::string> members_; // "GROUP:USER", sorted
};

} // namespace jit::sys
