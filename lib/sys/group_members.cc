#include "lib/sys/group_members.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/sys/local_accounts.h"
#include "lib/sys/same_file.h"

namespace jit::sys {

namespace {

std::string pair_of(std::string_view user, std::string_view group)
{
    std::string pair{group};
    pair += ':'; // in no name
    pair += user;
    return pair;
}

} // namespace

bool GroupMembers::read()
{
    members_.clear();
    const auto groups = read_group_file(path_);
    if (!groups)
        return false;
    for (const LocalGroup &group : *groups)
        for (const std::string &member : group.members)
            members_.push_back(pair_of(member, group.name));
    std::sort(members_.begin(), members_.end());
    return true;
}

bool GroupMembers::has(std::string_view user, std::string_view group)
{
    if (!is_name(user) || !is_name(group))
        return false;
    // Looked at before it is read: what changes in between is seen the next time.
    struct stat now = {};
    if (stat(path_.c_str(), &now) != 0)
        return false;
    if (!is_read_ || !is_same_file(now, seen_)) {
        is_read_ = false;
        if (!read())
            return false;
        seen_ = now;
        is_read_ = has_settled(now);
    }
    return std::binary_search(members_.begin(), members_.end(), pair_of(user, group));
}

} // namespace jit::sys
