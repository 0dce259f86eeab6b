#include "jitd/standing_groups.h"

#include <algorithm>

namespace jit::daemon {

namespace {

// As long as the root helper looks after an end (jit_grantd/limits.h), and its timer's half minute.
constexpr std::chrono::seconds after_end{150};

} // namespace

void StandingGroups::hold(const std::string &grant, const std::string &user,
                          std::vector<std::string> groups)
{
    held_.insert_or_assign(grant, Held{user, std::move(groups)});
}

void StandingGroups::forget(const std::string &grant)
{
    held_.erase(grant);
}

void StandingGroups::release(const std::string &grant, BootTime now)
{
    sweep(now);
    if (const auto found = held_.find(grant); found != held_.end())
        found->second.until = now + after_end;
}

void StandingGroups::sweep(BootTime now)
{
    std::erase_if(held_, [&](const auto &each) { return each.second.until <= now; });
}

std::vector<std::string> StandingGroups::of(std::string_view user, std::vector<std::string> groups,
                                            BootTime now)
{
    sweep(now);
    std::erase_if(groups, [&](const std::string &group) {
        return std::any_of(held_.begin(), held_.end(), [&](const auto &each) {
            const Held &held = each.second;
            return held.user == user &&
                   std::find(held.groups.begin(), held.groups.end(), group) != held.groups.end();
        });
    });
    return groups;
}

} // namespace jit::daemon
