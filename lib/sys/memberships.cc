#include "lib/sys/memberships.h"

#include <sys/stat.h>

#include "lib/base/text.h"

namespace jit::sys {

std::string membership_file_name(std::string_view user, std::string_view group)
{
    std::string name{user};
    name += ':';
    name += group;
    name += ".membership";
    return name;
}

bool has_membership(std::string_view user, std::string_view group)
{
    if (!is_name(user) || !is_name(group))
        return false;
    const std::string name = "/" + membership_file_name(user, group);
    struct stat found {
    };
    if (lstat((run_userdb + name).c_str(), &found) != 0 || !S_ISREG(found.st_mode) ||
        found.st_uid != 0 || found.st_size == 0)
        return false;
    // A mask may be a link to /dev/null as well: what counts is that nothing is read from it.
    return stat((etc_userdb + name).c_str(), &found) != 0 || found.st_size > 0;
}

} // namespace jit::sys
