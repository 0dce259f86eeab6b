#include "lib/oidc/pim_deactivation.h"

#include <algorithm>

#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"
#include "lib/oidc/pim_questions.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr seconds floor_pause{30};
constexpr unsigned max_too_early = 14;
constexpr unsigned max_posts = 4; // besides those that came too early
constexpr unsigned max_looks = 10;

constexpr const char *stays = "PIM did not end the activation. End it in Entra, or let it run out.";
constexpr PimRemedies remedies{"End the activation in Entra.",
                               "End the activation in Entra, or let it run out."};

} // namespace

PimDeactivation::PimDeactivation(PimWho who) : talk_(std::move(who), true, remedies) {}

PimDropStep PimDeactivation::start(const Now &now)
{
    if (auto refused = talk_.begin(now))
        return *std::move(refused);
    return send();
}

PimDropStep PimDeactivation::send()
{
    if (state_ == State::looking)
        return talk_.ask_instances();
    ++posts_;
    return talk_.ask(talk_.link().post(requests_target(), make_deactivation(talk_.who())));
}

PimDropStep PimDeactivation::on_time(const Now &now)
{
    const PimTurn turn = talk_.on_time(now);
    return turn.what == PimTurn::What::go_on ? send() : halt(turn);
}

PimDropStep PimDeactivation::halt(const PimTurn &turn)
{
    if (turn.what == PimTurn::What::wait)
        return WaitUntil{turn.at};
    return talk_.refuse(turn);
}

PimDropStep PimDeactivation::on_reply(const HttpReply &reply, const Now &now)
{
    const PimTurn turn = talk_.on_reply(reply, now);
    if (turn.what == PimTurn::What::wait)
        state_ = State::looking; // a POST may have come through
    if (turn.what != PimTurn::What::go_on)
        return halt(turn);
    if (state_ == State::looking)
        return reply.status == 200 ? read_instances(reply, now) : read_fault(reply, now);
    return reply.status < 300 ? read_answer(reply, now) : read_fault(reply, now);
}

PimDropStep PimDeactivation::wait(seconds pause, const HttpReply &reply, const Now &now)
{
    pause = std::max(pause, read_retry_after(reply.retry_after).value_or(seconds{0}));
    if (now.boot + pause >= talk_.link().deadline())
        return talk_.refuse(Failure::expired, stays);
    return talk_.wait_until(now.boot + pause);
}

PimDropStep PimDeactivation::read_answer(const HttpReply &reply, const Now &now)
{
    const Json parsed = parse_object(reply.body.reveal());
    const auto status = read_deactivation(parsed.get(), talk_.who());
    if (!status)
        return talk_.refuse_nonsense();
    if (*status == PimStatus::revoked)
        return drop();
    if (*status == PimStatus::denied || *status == PimStatus::failed ||
        *status == PimStatus::canceled)
        return talk_.refuse(Failure::blocked, stays);
    is_accepted_ = true;
    state_ = State::looking;
    return wait(seconds{2}, reply, now);
}

PimDropStep PimDeactivation::read_instances(const HttpReply &reply, const Now &now)
{
    if (!talk_.read_instances(reply, now, membership_))
        return talk_.refuse_nonsense();
    if (talk_.link().has_more())
        return send();
    const bool is_active = membership_.until.has_value();
    membership_ = {};
    if (!is_active)
        return drop();
    if (is_accepted_ && ++looks_ < max_looks)
        return wait(back_off(seconds{2}, looks_), reply, now);
    if (is_accepted_)
        return talk_.refuse(Failure::expired, stays);
    if (posts_ >= max_posts + too_early_)
        return talk_.refuse(Failure::unreachable, stays);
    state_ = State::deactivating;
    return send();
}

PimDropStep PimDeactivation::read_fault(const HttpReply &reply, const Now &now)
{
    const PimFault fault = read_pim_fault(reply);
    if (state_ == State::deactivating) {
        if (fault.kind == PimFault::Kind::is_gone)
            return drop();
        if (fault.kind == PimFault::Kind::too_short && ++too_early_ <= max_too_early)
            return wait(floor_pause, reply, now);
    }
    return talk_.refuse(fault);
}

PimDropStep PimDeactivation::drop()
{
    talk_.close();
    return PimDropped{};
}

} // namespace jit::oidc
