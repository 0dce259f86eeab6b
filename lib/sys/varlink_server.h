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
#include "lib/sys/graveyard.h"
#include "lib/sys/peer.h"
#include "lib/sys/shares.h"

namespace jit::sys {

class VarlinkServer;

// One call, from its arrival to its last reply. Kept by the program for as long as it likes: once
// answered, or once the caller has gone, whatever is said through it is dropped.
class Exchange
{
  public:
    Exchange(Connection *connection, Peer peer, ipc::Call call)
        : connection_(connection), peer_(peer), call_(std::move(call))
    {
    }

    // Its method and parameters last as long as the handler's call: who waits for an answer holds
    // nothing of the question.
    const ipc::Call &call() const { return call_; }
    const Peer &peer() const { return peer_; }
    bool is_open() const { return connection_ != nullptr; }
    // Looks at the socket itself: the call may have waited longer than its caller did.
    bool is_caller_there() const { return connection_ && !connection_->has_other_side_gone(); }

    // One of several replies; for a call with "more" only.
    void reply_and_continue(const ipc::Json &parameters);
    // The last reply.
    void reply(const ipc::Json &parameters);
    // The same, after which the connection ends: for a caller who has no more to ask and may hang
    // before he closes.
    void reply_and_close(const ipc::Json &parameters);
    // The last reply, a named error with a line for people.
    void fail(std::string_view error, std::string_view message);
    // The same, after which the connection ends: for callers that break the rules.
    void fail_and_close(std::string_view error, const ipc::Json &parameters);

    // Called once if the caller goes before the last reply.
    void on_gone(std::function<void()> gone) { gone_ = std::move(gone); }

  private:
    friend class VarlinkServer;
    void answer(Result<std::string> text, bool close);
    void caller_has_gone();
    void forget_question();

    Connection *connection_; // borrowed; null once answered or gone
    Peer peer_;
    ipc::Call call_;
    std::function<void()> gone_;
};

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
