#include "jit_leftovers/ended.h"

#include <algorithm>
#include <chrono>

namespace jit::leftovers {

using namespace std::chrono_literals;

std::vector<Ended> find_unreported(const std::vector<ledger::Entry> &entries,
                                   const std::set<std::string> &reported)
{
    std::vector<Ended> found;
    for (const ledger::Entry &entry : entries)
        if (entry.is_ended() && entry.ended && !reported.contains(entry.id))
            found.push_back({entry.id,
                             entry.user,
                             entry.uid,
                             entry.role,
                             entry.oid,
                             {entry.since - 1s, std::max(*entry.ended, entry.since) + 1s}});
    return found;
}

std::vector<std::string> find_outlived(const std::vector<ledger::Entry> &entries,
                                       const std::set<std::string> &reported)
{
    std::set<std::string> outlived = reported;
    for (const ledger::Entry &entry : entries)
        outlived.erase(entry.id);
    return {outlived.begin(), outlived.end()};
}

std::vector<WallTime> find_moments(const std::vector<ledger::Entry> &entries)
{
    std::vector<WallTime> moments;
    for (const ledger::Entry &entry : entries) {
        if (entry.backend != ledger::Backend::etc_group)
            continue;
        moments.push_back(entry.since);
        if (entry.ended)
            moments.push_back(*entry.ended);
    }
    return moments;
}

} // namespace jit::leftovers
