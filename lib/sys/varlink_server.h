// A Varlink service on listening Unix sockets: connections, their caps, org.varlink.service, and
// one call at a time handed to the program.
//
// Nobody but root is trusted to leave others a turn. Root is served first, and on a socket of its
// own, so that no queue is filled before it; every other user has so many connections, so many
// unread bytes and, if the program says so, so large a part of the time, and waits when it is used
// up. Connections of users are taken in at a steady pace, however fast they come.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/ipc/message.h"
#include "lib/sys/connection.h"
#include "lib/sys/event.h"
#include "lib/sys/exchange.h"
#include "lib/sys/graveyard.h"
#include "lib/sys/peer.h"
#include "lib/sys/shares.h"

namespace jit::sys {

class VarlinkServer
{
  public:
    struct Description {
        std::string product;        // org.varlink.service.GetInfo
        std::string interface_name; // "io.jitd.Elevation"
        const char *interface_text;
    };
    struct Limits {
        std::size_t connections;             // all together
        std::size_t connections_for_root;    // of these, kept free for uid 0
        std::size_t connections_of_one_user; // for each uid but 0
        std::chrono::milliseconds patience;  // for a whole frame
        // What a user but root may have us do at once, and what comes back of it in a second of
        // time; no `at_once`: as much as he likes.
        Shares::Work work_at_once{0};
        Shares::Work work_a_second{0};
        // What a broken rule counts for, besides the work that it made.
        Shares::Work work_of_a_fault{0};
        // Answers that a user but root has not read, past which his next calls wait.
        std::size_t unread_bytes_of_one_user = std::size_t{1024} * 1024;
    };
    // Gets each call of the interface. The method stands in the call without the interface's name
    // removed.
    using Handler = std::function<void(std::shared_ptr<Exchange>)>;

    // Borrows the loop; owns the listening socket, which anybody may connect to.
    static Result<std::unique_ptr<VarlinkServer>>
    make(sd_event *loop, Fd listening, Description description, Limits limits, Handler handler);

    // One more socket, which the file system keeps for root alone.
    Result<void> listen_for_root(Fd listening);

    std::size_t connections() const { return clients_.size(); }
    // Called whenever the last connection has ended.
    void on_idle(std::function<void()> idle) { idle_ = std::move(idle); }

  private:
    struct Listener {
        Fd socket;
        std::unique_ptr<Watch> watch;
        std::unique_ptr<Timer> again; // while nothing is accepted
        bool is_for_root = false;
    };
    struct Client {
        Peer peer;
        std::unique_ptr<Connection> connection;
        std::shared_ptr<Exchange> exchange; // the call being answered, if any
    };

    VarlinkServer(sd_event *loop, Description description, Limits limits, Handler handler);

    Result<void> listen(Fd listening, bool is_for_root);
    void accept_some(Listener &listener);
    void admit(Fd socket, const Listener &listener);
    void begin(Fd socket, const Peer &peer);
    bool has_room_for(const Peer &peer) const;
    void charge(uid_t uid, Shares::Work work);
    void charge_fault(const Peer &peer);
    std::size_t unread_of(uid_t uid) const;
    void forget(std::map<unsigned long, Client>::iterator client);
    void hold(uid_t uid, bool held);
    void release_some();
    void on_frame(unsigned long id, const std::string &frame);
    void on_closed(unsigned long id, Error why);
    void answer_service(Exchange &exchange);
    void bury();

    sd_event *loop_;
    Description description_;
    Limits limits_;
    Handler handler_;
    std::function<void()> idle_;
    std::string too_many_; // what is said to who finds no room, as a frame
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::unique_ptr<Timer> release_;
    std::unique_ptr<Timer> burial_;
    std::unique_ptr<Graveyard> graveyard_; // outlives the connections
    Shares shares_;
    std::map<unsigned long, Client> clients_;
    // Root's may be many. What is done for a user, and when one ends, walks over none of them.
    std::multimap<uid_t, unsigned long> of_users_; // all but root's
    std::vector<unsigned long> ended_;             // since the last burial, perhaps not yet closed
    unsigned long next_id_ = 1;
    unsigned long beginning_ = 0; // whose first call is being answered before the loop knows him
};

} // namespace jit::sys
