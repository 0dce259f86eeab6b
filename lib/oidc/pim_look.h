// Looks once whether an activation of Privileged Identity Management still runs, with a token that
// Graph has accepted before: a pure state machine. What PimActivation calls active stands; one
// answer that does not list it is enough for an end.
#pragma once

#include <variant>

#include "lib/oidc/pim_talk.h"

namespace jit::oidc {

struct PimStands {
    WallTime until; // perhaps another end than before
};
// Not, or no longer, active; only where Graph says so.
struct PimEnded {
};
// PimRefused: it can't be seen. `expired`: nor will it be with this token.
using PimLookStep = std::variant<SendRequest, WaitUntil, PimStands, PimEnded, PimRefused>;

class PimLook
{
  public:
    explicit PimLook(PimWho who);

    PimLookStep start(const Now &now);
    PimLookStep on_reply(const HttpReply &reply, const Now &now);
    PimLookStep on_time(const Now &now);

    // Any call that the state does not allow gives PimRefused, `broken`.

  private:
    PimLookStep go_on(const PimTurn &turn);
    PimLookStep finish(PimLookStep step);

    PimTalk talk_;
    PimMembership membership_;
};

} // namespace jit::oidc
