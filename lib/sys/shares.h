// What each user but root has of a server: connections, and a part of its time.
//
// Work is paid by time: so much comes back in a second, and so much may be owed at once. Who owes
// more waits until half of that is paid, so that he gets on in steps and not in single calls.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <vector>

#include <sys/types.h>

#include "lib/base/clock.h"

namespace jit::sys {

class Shares
{
  public:
    using Work = std::chrono::microseconds; // of a processor's time

    struct Limits {
        std::size_t connections; // of one user
        Work at_once{0};         // zero: no work is counted
        Work a_second{0};
    };

    explicit Shares(Limits limits) : limits_(limits) {}

    std::size_t connections() const { return connections_; } // of all users
    bool may_connect(uid_t uid) const;
    void add_connection(uid_t uid);
    void remove_connection(uid_t uid);

    // Counts work for a user.
    //   returns  whether he owes too much now
    bool charge(uid_t uid, Work work, BootTime now);
    // Whether he has paid so much that he may go on.
    bool has_paid(uid_t uid, BootTime now);
    // A user who is held may not connect.
    void set_held(uid_t uid, bool held);
    bool is_held(uid_t uid) const;
    // Those who are held.
    std::vector<uid_t> held() const;
    // Forgets who has no connection and owes nothing.
    //   returns  whether anybody owes something without a connection, and is to be forgotten later
    bool forget(BootTime now);

  private:
    struct User {
        std::size_t connections = 0;
        Work owed{0};
        BootTime settled{}; // when that was so
        bool is_held = false;
    };
    void settle(User &user, BootTime now) const;

    Limits limits_;
    std::size_t connections_ = 0;
    std::map<uid_t, User> users_;
};

} // namespace jit::sys
