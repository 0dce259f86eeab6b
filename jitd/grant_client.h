// Asks the root helper, jit-grantd: one connection a call, which starts it if it sleeps. A few
// calls at a time, since the helper has few places and does one thing after the other; the rest
// wait.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/ipc/confining.h"
#include "lib/ipc/granting.h"
#include "lib/ipc/message.h"
#include "lib/sys/connection.h"
#include "lib/sys/event.h"

namespace jit::daemon {

// Why the helper did not do it.
struct HelperFault {
    enum class Kind {
        unavailable,     // not reached, no answer in time, or it can't work now
        refused,         // it says no
        policy_mismatch, // it reads another policy than we do
        not_found,       // it knows no such grant
    };
    Kind kind = Kind::unavailable;
    std::string message; // one line, safe to show
};

class GrantClient
{
  public:
    using Granted = std::function<void(const ipc::GrantReply *, const HelperFault &)>;
    using Ended = std::function<void(const ipc::EndReply *, const HelperFault &)>;

    // Borrows the loop.
    GrantClient(sd_event *loop, std::string socket_path)
        : loop_(loop), path_(std::move(socket_path))
    {
    }

    sd_event *loop() const { return loop_; }
    // Lets it be started, should it sleep: it will be asked soon.
    void wake() const { (void)sys::connect_unix(path_); }
    // Somebody waits for an answer of the helper's.
    bool is_asking() const { return !pending_.empty() || !queued_.empty(); }
    // Each calls back once, from the loop or at once. The reply is null after a fault.
    void ask_grant(const ipc::GrantCall &call, Granted granted);
    void ask_extend(const ipc::GrantCall &call, Granted granted);
    void ask_end(const ipc::EndCall &call, Ended ended);
    using Confined = std::function<void(const ipc::ConfineReply *, const HelperFault &)>;
    void ask_confine(const ipc::ConfineCall &call, Confined confined);
    // Nobody waits for the answers: a warning that fails is not said; the use is only for whoever
    // reads root's ledger.
    void warn(const ipc::WarnCall &call);
    void note_used(const ipc::UseCall &call);
    // Asks again and again until the helper has answered, so that no grant goes on because it was
    // away. `ended`, which may be empty, is called once, with what it said. Lasts as long as this
    // process: what is owed at its end is found again when the ledger is mended.
    void end_surely(const ipc::EndCall &call, Ended ended);

  private:
    using Answered = std::function<void(const ipc::Json *, const HelperFault &)>;
    struct Pending {
        std::unique_ptr<sys::Connection> connection;
        std::unique_ptr<sys::Timer> late;
        Answered answered;
    };

    struct Queued {
        Result<std::string> text; // the call's frame
        Answered answered;
    };
    struct Owed {
        ipc::EndCall call;
        Ended ended;
        bool is_asked = false; // an answer is awaited
    };

    void ask_granted(std::string_view method, const ipc::GrantCall &call, Granted granted);
    void ask(std::string_view method, const ipc::Json &parameters, Answered answered);
    void begin_some();
    Result<void> begin(unsigned long id, const Result<std::string> &text);
    void ask_owed();
    void on_frame(unsigned long id, const std::string &frame);
    void settle(unsigned long id, const ipc::Json *reply, const HelperFault &fault);

    sd_event *loop_;
    std::string path_;
    std::map<unsigned long, Pending> pending_;
    std::deque<Queued> queued_;
    std::map<std::string, Owed> owed_; // by the grant's id
    std::unique_ptr<sys::Timer> ask_again_;
    std::unique_ptr<sys::Later> bury_;
    std::vector<Pending> dead_; // ended inside their own callbacks; freed from the loop
    unsigned long next_id_ = 1;
};

} // namespace jit::daemon
