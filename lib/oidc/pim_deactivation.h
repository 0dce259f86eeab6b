// Ends an activation of Privileged Identity Management early, with a token that Graph has accepted
// before: a pure state machine. PIM ends none in its first five minutes: then it is asked again
// every half minute, seven minutes at most. An answer that was lost is looked for in the list of
// instances; over is what PIM says is over, or what it lists no more.
#pragma once

#include <chrono>
#include <variant>

#include "lib/oidc/pim_talk.h"

namespace jit::oidc {

// Nothing of the person's is active for the group any more.
struct PimDropped {
};
// PimRefused: the activation stays until its end, or may.
using PimDropStep = std::variant<SendRequest, WaitUntil, PimDropped, PimRefused>;

class PimDeactivation
{
  public:
    explicit PimDeactivation(PimWho who);

    PimDropStep start(const Now &now);
    PimDropStep on_reply(const HttpReply &reply, const Now &now);
    PimDropStep on_time(const Now &now);

    // Any call that the state does not allow gives PimRefused, `broken`.

  private:
    enum class State {
        deactivating,
        looking
    };

    PimDropStep send();
    PimDropStep halt(const PimTurn &turn);
    PimDropStep wait(std::chrono::seconds pause, const HttpReply &reply, const Now &now);
    PimDropStep read_answer(const HttpReply &reply, const Now &now);
    PimDropStep read_instances(const HttpReply &reply, const Now &now);
    PimDropStep read_fault(const HttpReply &reply, const Now &now);
    PimDropStep drop();

    PimTalk talk_;
    State state_ = State::deactivating;
    bool is_accepted_ = false; // PIM is about to do it
    PimMembership membership_;
    unsigned posts_ = 0;
    unsigned too_early_ = 0;
    unsigned looks_ = 0;
};

} // namespace jit::oidc
