#include "lib/oidc/pim_look.h"

#include <utility>

namespace jit::oidc {

namespace {

constexpr PimRemedies remedies{"Ask the administrator if it recurs.", "It is looked at again."};

} // namespace

PimLook::PimLook(PimWho who) : talk_(std::move(who), true, remedies) {}

PimLookStep PimLook::start(const Now &now)
{
    if (auto refused = talk_.begin(now))
        return *std::move(refused);
    return talk_.ask_instances();
}

PimLookStep PimLook::on_time(const Now &now)
{
    return go_on(talk_.on_time(now));
}

// Asks, or asks again; nothing else is ever asked.
PimLookStep PimLook::go_on(const PimTurn &turn)
{
    if (turn.what == PimTurn::What::go_on)
        return talk_.ask_instances();
    if (turn.what == PimTurn::What::wait)
        return WaitUntil{turn.at};
    return talk_.refuse(turn);
}

PimLookStep PimLook::on_reply(const HttpReply &reply, const Now &now)
{
    const PimTurn turn = talk_.on_reply(reply, now);
    if (turn.what != PimTurn::What::go_on)
        return go_on(turn);
    if (reply.status != 200)
        return talk_.refuse(read_pim_fault(reply));
    if (!talk_.read_instances(reply, now, membership_))
        return talk_.refuse_nonsense();
    if (talk_.link().has_more())
        return talk_.ask_instances();
    return membership_.until ? finish(PimStands{*membership_.until}) : finish(PimEnded{});
}

PimLookStep PimLook::finish(PimLookStep step)
{
    talk_.close();
    return step;
}

} // namespace jit::oidc
