#include "jit_grantd/standing.h"

#include <algorithm>

#include "jit_grantd/limits.h"

namespace jit::grantd {

bool has_just_ended(const Entry &entry, WallTime now)
{
    // In both directions: the clock may have been set back since.
    return entry.is_ended() && now - *entry.ended <= remnant_window &&
           *entry.ended - now <= remnant_window;
}

bool may_have_made(const Entry &entry, std::string_view user, std::string_view group, WallTime now)
{
    return entry.backend == Backend::etc_group && entry.user == user && entry.made(group) &&
           (!entry.is_ended() || has_just_ended(entry, now));
}

std::vector<std::string> standing_groups(std::vector<std::string> groups, std::string_view user,
                                         const std::vector<Entry> &entries, WallTime now)
{
    std::erase_if(groups, [&](const std::string &group) {
        return std::any_of(entries.begin(), entries.end(), [&](const Entry &entry) {
            return may_have_made(entry, user, group, now);
        });
    });
    return groups;
}

} // namespace jit::grantd
