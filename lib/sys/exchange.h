// One call of a Varlink service, as the program that answers it sees it.
#pragma once

#include <functional>
#include <string_view>

#include "lib/base/rare.h"
#include "lib/ipc/message.h"
#include "lib/sys/connection.h"
#include "lib/sys/peer.h"

namespace jit::sys {

class VarlinkServer;

// One call, from its arrival to its last reply. Kept by the program for as long as it likes: once
// answered, or once the caller has gone, whatever is said through it is dropped.
class Exchange
{
  public:
    Exchange(Connection *connection, Peer peer, ipc::Call call)
        : connection_(connection), peer_(peer), is_oneway_(call.oneway)
    {
        call_.fill() = std::move(call);
    }

    // Its method and parameters last as long as the handler's call: who waits for an answer holds
    // nothing of the question.
    const ipc::Call &call() const { return *call_; }
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
    bool is_oneway_;
    Rare<ipc::Call> call_;
    std::function<void()> gone_;
};

} // namespace jit::sys
