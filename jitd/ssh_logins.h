// What is remembered of logins over ssh by their connection, since sshd lets in, retries and opens
// the session in processes of their own (sshd(8), UsePAM). It decides on nobody's rights: who tells
// of a connection is root.
#pragma once

#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"

namespace jit::daemon {

// One entry a connection (SSH_CONNECTION: both addresses and ports), the newest of limits.h; all
// times are given.
class SshLogins
{
  public:
    // A request of the connection was refused: asking again begins no other.
    //   line  for people
    void note_refusal(const std::string &connection, const std::string &user, std::string line,
                      BootTime now);
    // The line; empty: none, or of another user, or too long ago.
    std::string_view find_refusal(const std::string &connection, std::string_view user,
                                  BootTime now) const;

    // The connection was let in under a grant.
    //   proof   of its origin: what has proven who is there; empty: nothing, or not over ssh
    //   is_new  made for it: a session is expected
    void note_grant(const std::string &connection, const std::string &user,
                    const std::string &grant, const std::string &proof, bool is_new, BootTime now);
    // The grant's id; empty: none, or of another user.
    std::string_view find_grant(const std::string &connection, std::string_view user) const;
    // The same where somebody comes, by the same proof alone: ports are used again.
    std::string_view find_grant(const std::string &connection, std::string_view user,
                                std::string_view proof) const;
    // A session is there under the grant, whichever; the connection's is over.
    void note_opened(const std::string &grant) { expected_.erase(grant); }
    void note_closed(const std::string &connection);

    // Grants that were made for a login of which no session came: forgotten with that.
    std::vector<std::string> take_missed(BootTime now);
    // When to look for them; max(): never.
    BootTime next_look() const;

  private:
    struct Login {
        std::string connection;
        std::string user;
        std::string grant;
        std::string proof;
        std::string refusal;
        BootTime refused{};
    };
    using Logins = std::list<Login>; // the newest last
    Login &make(const std::string &connection, const std::string &user);
    const Login *find(const std::string &connection, std::string_view user) const;

    Logins logins_;
    std::map<std::string, Logins::iterator, std::less<>> by_connection_;
    std::map<std::string, BootTime, std::less<>> expected_; // until when, by grant
};

} // namespace jit::daemon
