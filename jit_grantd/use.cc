#include "jit_grantd/use.h"

#include <algorithm>
#include <set>
#include <string>

namespace jit::grantd {

namespace {

// A requester who goes while he is granted has the grant taken back within this. The cause is
// jitd's word, so what lasted longer was had.
constexpr std::chrono::seconds at_once{1};

} // namespace

policy::Use count_use(const std::vector<Entry> &entries, std::string_view role, const Who &who,
                      WallTime now)
{
    policy::Use use;
    std::set<std::string_view> others;
    for (const Entry &entry : entries) {
        if (entry.role != role)
            continue;
        const WallTime end = entry.ended ? std::min(*entry.ended, entry.until) : entry.until;
        if (entry.cause == "interrupted" && end <= entry.since + at_once)
            continue;
        const bool is_theirs = (who.uid && entry.uid == *who.uid) || entry.oid == who.oid;
        if (is_theirs && end > now - policy::use_horizon)
            use.spells.push_back({entry.since, end});
        else if (!is_theirs && !entry.is_ended() && end > now)
            others.insert(entry.oid);
    }
    use.others_active = others.size();
    return use;
}

} // namespace jit::grantd
