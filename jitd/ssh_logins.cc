#include "jitd/ssh_logins.h"

#include <algorithm>

#include "jitd/limits.h"

namespace jit::daemon {

SshLogins::Login &SshLogins::make(const std::string &connection, const std::string &user)
{
    if (const auto found = by_connection_.find(connection); found != by_connection_.end()) {
        logins_.splice(logins_.end(), logins_, found->second);
        Login &login = logins_.back();
        if (login.user != user)
            login = {connection, user, {}, {}, {}, {}};
        return login;
    }
    if (logins_.size() >= limits::ssh_logins) {
        by_connection_.erase(logins_.front().connection);
        logins_.pop_front();
    }
    logins_.push_back({connection, user, {}, {}, {}, {}});
    by_connection_[connection] = std::prev(logins_.end());
    return logins_.back();
}

const SshLogins::Login *SshLogins::find(const std::string &connection, std::string_view user) const
{
    const auto found = by_connection_.find(connection);
    return found != by_connection_.end() && found->second->user == user ? &*found->second : nullptr;
}

void SshLogins::note_refusal(const std::string &connection, const std::string &user,
                             std::string line, BootTime now)
{
    Login &login = make(connection, user);
    login.refusal = std::move(line);
    login.refused = now;
}

std::string_view SshLogins::find_refusal(const std::string &connection, std::string_view user,
                                         BootTime now) const
{
    const Login *const login = find(connection, user);
    // Ports are used again.
    if (login == nullptr || now - login->refused >= limits::ssh_refusal)
        return {};
    return login->refusal;
}

void SshLogins::note_grant(const std::string &connection, const std::string &user,
                           const std::string &grant, const std::string &proof, bool is_new,
                           BootTime now)
{
    Login &login = make(connection, user);
    login.refusal.clear();
    login.grant = grant;
    login.proof = proof;
    // Bounded as the live grants are.
    if (is_new)
        expected_[grant] = now + limits::until_session;
}

std::string_view SshLogins::find_grant(const std::string &connection, std::string_view user) const
{
    const Login *const login = find(connection, user);
    return login == nullptr ? std::string_view{} : std::string_view{login->grant};
}

std::string_view SshLogins::find_grant(const std::string &connection, std::string_view user,
                                       std::string_view proof) const
{
    const Login *const login = find(connection, user);
    return login == nullptr || login->proof != proof ? std::string_view{}
                                                     : std::string_view{login->grant};
}

void SshLogins::note_closed(const std::string &connection)
{
    if (const auto found = by_connection_.find(connection); found != by_connection_.end()) {
        logins_.erase(found->second);
        by_connection_.erase(found);
    }
}

std::vector<std::string> SshLogins::take_missed(BootTime now)
{
    std::vector<std::string> missed;
    for (const auto &[grant, until] : expected_)
        if (now >= until)
            missed.push_back(grant);
    for (const std::string &grant : missed)
        expected_.erase(grant);
    return missed;
}

BootTime SshLogins::next_look() const
{
    BootTime next = BootTime::max();
    for (const auto &[grant, until] : expected_)
        next = std::min(next, until);
    return next;
}

} // namespace jit::daemon
