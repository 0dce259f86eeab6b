#include "jitd/grant_table.h"

#include <algorithm>

namespace jit::daemon {

bool is_due(const Grant &grant, Now now)
{
    return now.wall >= grant.until || now.boot >= grant.until_boot;
}

bool HasMembership::all(const Grant &grant) const
{
    const Look &look = grant.made ? in_group_file_ : in_userdb_;
    const std::vector<std::string> &groups = grant.made ? *grant.made : grant.groups;
    return std::all_of(groups.begin(), groups.end(),
                       [&](const std::string &group) { return look(grant.user, group); });
}

bool HasMembership::any(const Grant &grant) const
{
    const Look &look = grant.made ? in_group_file_ : in_userdb_;
    const std::vector<std::string> &groups = grant.made ? *grant.made : grant.groups;
    return std::any_of(groups.begin(), groups.end(),
                       [&](const std::string &group) { return look(grant.user, group); });
}

bool is_live(const Grant &grant, Now now, const HasMembership &has_membership)
{
    return !is_due(grant, now) && has_membership.all(grant);
}

void GrantTable::add(Grant grant)
{
    (void)take(grant.id); // one entry an id, whoever had it
    ids_by_user_.emplace(grant.user, grant.id);
    std::string id = grant.id;
    grants_.insert_or_assign(std::move(id), std::move(grant));
}

std::optional<Grant> GrantTable::take(std::string_view id)
{
    const auto found = grants_.find(id);
    if (found == grants_.end())
        return std::nullopt;
    Grant grant = std::move(found->second);
    const auto [first, last] = ids_by_user_.equal_range(grant.user);
    for (auto entry = first; entry != last; ++entry) {
        if (entry->second == grant.id) {
            ids_by_user_.erase(entry);
            break;
        }
    }
    grants_.erase(found);
    return grant;
}

void GrantTable::extend(std::string_view id, WallTime until, BootTime until_boot,
                        std::string_view activation, std::string_view approvers)
{
    if (const auto found = grants_.find(id); found != grants_.end()) {
        found->second.until = until;
        found->second.until_boot = until_boot;
        if (!activation.empty())
            found->second.activation = activation;
        if (!approvers.empty())
            found->second.approver_oid = approvers;
    }
}

void GrantTable::note_used(std::string_view id)
{
    if (const auto found = grants_.find(id); found != grants_.end())
        found->second.is_used = true;
}

const Grant *GrantTable::find(std::string_view id) const
{
    const auto found = grants_.find(id);
    return found == grants_.end() ? nullptr : &found->second;
}

std::vector<const Grant *> GrantTable::of_user(std::string_view user) const
{
    std::vector<const Grant *> found;
    const auto [first, last] = ids_by_user_.equal_range(user);
    for (auto entry = first; entry != last; ++entry)
        found.push_back(&grants_.find(entry->second)->second);
    std::sort(found.begin(), found.end(),
              [](const Grant *a, const Grant *b) { return a->until > b->until; });
    return found;
}

std::vector<const Grant *> GrantTable::all() const
{
    std::vector<const Grant *> found;
    for (const auto &[id, grant] : grants_)
        found.push_back(&grant);
    return found;
}

bool GrantTable::has_any_in_group_file() const
{
    return std::any_of(grants_.begin(), grants_.end(),
                       [](const auto &each) { return each.second.made.has_value(); });
}

std::optional<BootTime> GrantTable::next_end() const
{
    std::optional<BootTime> next;
    for (const auto &[id, grant] : grants_)
        if (!next || grant.until_boot < *next)
            next = grant.until_boot;
    return next;
}

} // namespace jit::daemon
