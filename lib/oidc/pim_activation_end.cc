// An activation that the person wants no more, or that ends before it is proven: what is left of it
// in Entra, as far as that is known.
#include "lib/oidc/pim_activation.h"

#include <utility>

namespace jit::oidc {

namespace {

constexpr const char *too_late =
    "PIM did not activate it in time. The request stays open in Entra: run it again, and it is "
    "taken up.";

} // namespace

PimStep PimActivation::cancel(const Now &now)
{
    if (!talk_.is_on())
        return talk_.refuse_nonsense();
    const bool had_left = std::exchange(is_cancelled_, true);
    if (talk_.is_late(now))
        return end_late({});
    if (had_left)
        return WaitUntil{talk_.is_out() ? talk_.link().deadline() : talk_.next_at()};
    switch (state_) {
    case State::activating:
        return WaitUntil{talk_.link().deadline()};
    case State::polling:
        return go(State::withdrawing, now);
    case State::proving:
        return finish(PimGone{true});
    default:
        break;
    }
    return search_.is_unclear || search_.is_open ? go(State::requests, now)
                                                 : finish(PimGone{false});
}

// PIM's answer to one who has left.
PimStep PimActivation::read_fault_of_who_left(const PimFault &fault)
{
    return finish(PimGone{fault.kind == PimFault::Kind::exists ||
                          fault.kind == PimFault::Kind::is_open || may_stand()});
}

PimStep PimActivation::end_late(const PimTurn &turn)
{
    // What PIM says to the POST is not read any more, or has not come.
    const bool stands = may_stand() || state_ == State::activating;
    if (is_cancelled_)
        return finish(PimGone{stands});
    if (stands)
        return talk_.refuse(Failure::expired, too_late);
    return talk_.refuse(turn);
}

PimStep PimActivation::end_over(const PimTurn &turn, const HttpReply &reply)
{
    // Where the host is not trusted nothing was sent.
    if (state_ == State::activating && reply.outcome != HttpReply::Outcome::not_trusted)
        search_.is_unclear = true;
    if (is_cancelled_)
        return finish(PimGone{may_stand()});
    return talk_.refuse(turn);
}

// An answer that can't be read.
PimStep PimActivation::end_nonsense()
{
    if (is_cancelled_)
        return finish(PimGone{true});
    return talk_.refuse_nonsense();
}

} // namespace jit::oidc
