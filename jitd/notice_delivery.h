// When one webhook is sent which notice: a pure state machine, told what happened and when. It
// reads no clock, opens nothing, and never sees an address.
//
//             on_added                  none is left
//      idle ───────────> reading ─────────────────────────> idle
//                        ^    │ on_next: the oldest
//                        │    v
//                        │  sending ── taken, or refused for good ──> forgotten, reading
//              on_time   │    │ not reached, or "later"
//                        │    v
//                        └─ waiting: twice as long each time
//
// One at a time and in their order: a notice that can't be sent holds up those behind it, until it
// is too old or has been tried too often. Each webhook has one of these, so none waits for another.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "jitd/store.h"
#include "lib/base/clock.h"
#include "lib/oidc/http_message.h"

namespace jit::daemon {

class NoticeDelivery
{
  public:
    struct ReadNext {
        std::int64_t after = 0;
    }; // of this webhook's; answer: on_next
    struct Send {
        StoredNotice notice;
    }; // answer: on_reply
    struct WakeAt {
        BootTime at;
    }; // answer: on_time
    struct Forget {
        std::int64_t seq = 0;
    }; // done with it: need not be on disk at once, it is not read again
    struct Say {
        bool is_warning = true;
        std::string text;
    };
    using Action = std::variant<ReadNext, Send, WakeAt, Forget, Say>;
    using Actions = std::vector<Action>;

    //   name  what the journal calls the webhook; nothing of its address but the host
    explicit NoticeDelivery(std::string name) : name_(std::move(name)) {}

    // There may be notices in the ledger.
    Actions on_added();
    //   next  none: there is no more, or the ledger can't be read now
    Actions on_next(std::optional<StoredNotice> next, WallTime now);
    Actions on_reply(const oidc::HttpReply &reply, BootTime now);
    Actions on_time();

    bool is_idle() const { return state_ == State::idle; }

  private:
    enum class State {
        idle,
        reading,
        sending,
        waiting
    };

    Actions read();
    Actions done_with(std::optional<Say> say);
    Actions try_again(const oidc::HttpReply &reply, BootTime now);

    std::string name_;
    State state_ = State::idle;
    std::int64_t after_ = 0;   // all up to it are done with
    std::int64_t current_ = 0; // being sent
    unsigned tries_ = 0;       // of it
    unsigned failures_ = 0;    // in a row, of whichever
};

} // namespace jit::daemon
