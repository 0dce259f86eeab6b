#include "lib/sys/shares.h"

#include <algorithm>

namespace jit::sys {

bool Shares::may_connect(uid_t uid) const
{
    const auto user = users_.find(uid);
    return user == users_.end() ||
           (!user->second.is_held && user->second.connections < limits_.connections);
}

void Shares::add_connection(uid_t uid)
{
    ++users_[uid].connections;
    ++connections_;
}

void Shares::remove_connection(uid_t uid)
{
    const auto user = users_.find(uid);
    if (user == users_.end() || user->second.connections == 0)
        return;
    --user->second.connections;
    --connections_;
}

void Shares::settle(User &user, BootTime now) const
{
    constexpr BootTime::duration long_enough = std::chrono::seconds{60};
    const auto passed = std::min<BootTime::duration>(now - user.settled, long_enough);
    const auto paid = passed * limits_.a_second.count() / 1'000'000;
    user.owed = std::max(user.owed - paid, Work{0});
    user.settled = now;
}

bool Shares::charge(uid_t uid, Work work, BootTime now)
{
    if (limits_.at_once.count() == 0)
        return false;
    User &user = users_[uid];
    settle(user, now);
    user.owed += work;
    return user.owed > limits_.at_once;
}

bool Shares::has_paid(uid_t uid, BootTime now)
{
    const auto user = users_.find(uid);
    if (user == users_.end())
        return true;
    settle(user->second, now);
    return user->second.owed <= limits_.at_once / 2;
}

void Shares::set_held(uid_t uid, bool held)
{
    users_[uid].is_held = held;
}

bool Shares::is_held(uid_t uid) const
{
    const auto user = users_.find(uid);
    return user != users_.end() && user->second.is_held;
}

std::vector<uid_t> Shares::held() const
{
    std::vector<uid_t> uids;
    for (const auto &[uid, user] : users_)
        if (user.is_held)
            uids.push_back(uid);
    return uids;
}

bool Shares::forget(BootTime now)
{
    bool are_left = false;
    for (auto entry = users_.begin(); entry != users_.end();) {
        User &user = entry->second;
        settle(user, now);
        const bool is_away = user.connections == 0 && !user.is_held;
        are_left = are_left || (is_away && user.owed.count() > 0);
        entry = is_away && user.owed.count() == 0 ? users_.erase(entry) : std::next(entry);
    }
    return are_left;
}

} // namespace jit::sys
