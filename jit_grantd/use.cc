#include "jit_grantd/use.h"

#include <algorithm>
#include <set>
#include <string>

namespace jit::grantd {

policy::Use count_use(const std::vector<Entry> &entries, std::string_view role, const Who &who,
                      WallTime now)
{
    policy::Use use;
    std::set<std::string_view> others;
    for (const Entry &entry : entries) {
        if (entry.role != role || entry.cause == "interrupted")
            continue;
        const WallTime end = entry.ended ? std::min(*entry.ended, entry.until) : entry.until;
        const bool is_theirs = entry.uid == who.uid || entry.oid == who.oid;
        if (is_theirs && end > now - policy::use_horizon)
            use.spells.push_back({entry.since, end});
        else if (!is_theirs && !entry.is_ended() && end > now)
            others.insert(entry.oid);
    }
    use.others_active = others.size();
    return use;
}

} // namespace jit::grantd
