#include "lib/oidc/pim_activation.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_reason_bytes = 512;
constexpr std::size_t max_ticket_bytes = 64;
constexpr seconds first_pause{2};
constexpr seconds max_pause{30};
constexpr unsigned max_withdrawals = 3;
constexpr PimRemedies remedies{"Run it again, and ask the administrator if it recurs.",
                               "Run it again later."};

seconds pause_after(unsigned tries)
{
    return std::min(first_pause * (1 << std::min(tries, 4U)), max_pause);
}

} // namespace

PimActivation::PimActivation(PimAsk ask)
    : ask_(std::move(ask)), talk_(std::move(ask_.who), false, remedies)
{
    ask_.reason = safe_text(ask_.reason, max_reason_bytes);
    if (ask_.ticket.empty())
        ask_.ticket = find_ticket(ask_.reason);
    ask_.ticket = safe_text(ask_.ticket, max_ticket_bytes);
}

PimStep PimActivation::start(const Now &now)
{
    if (auto refused = talk_.begin(now))
        return *std::move(refused);
    if (ask_.duration < seconds{1})
        return talk_.refuse_misused();
    return go(State::eligibility, now);
}

void PimActivation::enter(State state)
{
    state_ = state;
    tries_ = 0;
    talk_.link().forget_list();
    membership_ = {};
    search_.found.reset();
}

PimStep PimActivation::go(State state, const Now &now)
{
    enter(state);
    return send(now);
}

PimStep PimActivation::send(const Now &now)
{
    const GraphLink &link = talk_.link();
    switch (state_) {
    case State::eligibility:
        return talk_.ask(link.list(eligibility_target()));
    case State::policy:
        return talk_.ask(link.list(policy_target(talk_.who().group)));
    case State::instances:
    case State::proving:
        return talk_.ask_instances();
    case State::requests:
        return talk_.ask(link.list(own_requests_target(talk_.who())));
    case State::activating:
        return post(now);
    case State::polling:
        return talk_.ask(link.get(request_target(request_)));
    case State::withdrawing:
        // It takes no body; an empty object is the JSON for that.
        return talk_.ask(link.post(cancel_target(request_), "{}"));
    }
    return talk_.refuse_nonsense();
}

PimStep PimActivation::on_time(const Now &now)
{
    const PimTurn turn = talk_.on_time(now);
    switch (turn.what) {
    case PimTurn::What::go_on:
        return send(now);
    case PimTurn::What::wait:
        return WaitUntil{turn.at};
    case PimTurn::What::late:
        return end_late(turn);
    case PimTurn::What::over:
    case PimTurn::What::misuse:
        break;
    }
    return talk_.refuse(turn);
}

PimStep PimActivation::hurry(const Now &now)
{
    if (talk_.is_on() && !talk_.is_out() && !is_cancelled_)
        (void)talk_.wait_until(std::min(talk_.next_at(), allowed_at_));
    return on_time(now);
}

PimStep PimActivation::on_reply(const HttpReply &reply, const Now &now)
{
    const PimTurn turn = talk_.on_reply(reply, now);
    switch (turn.what) {
    case PimTurn::What::go_on:
        break;
    case PimTurn::What::wait:
        return put_off(turn.at);
    case PimTurn::What::late:
        return end_late(turn);
    case PimTurn::What::over:
        return end_over(turn, reply);
    case PimTurn::What::misuse:
        return talk_.refuse(turn);
    }
    const bool is_good = state_ == State::activating || state_ == State::withdrawing
                             ? reply.status < 300
                             : reply.status == 200;
    return is_good ? read(reply, now) : read_fault(reply, now);
}

PimStep PimActivation::put_off(BootTime at)
{
    if (state_ == State::activating) {
        // It may have come through: look before anything else is asked for.
        search_.is_unclear = true;
        enter(is_cancelled_ ? State::requests : State::instances);
    } else if (state_ == State::withdrawing && ++tries_ >= max_withdrawals) {
        return finish(PimGone{true});
    }
    allowed_at_ = at;
    return WaitUntil{at};
}

// Longer each time in the same state.
PimStep PimActivation::wait(const HttpReply &reply, const Now &now)
{
    const seconds demanded = read_retry_after(reply.retry_after).value_or(seconds{0});
    allowed_at_ = now.boot + std::max(first_pause, demanded);
    const BootTime at = now.boot + std::max(pause_after(tries_++), demanded);
    return talk_.wait_until(std::min(talk_.link().deadline(), at));
}

PimStep PimActivation::read(const HttpReply &reply, const Now &now)
{
    switch (state_) {
    case State::eligibility:
        return read_eligibility(reply, now);
    case State::policy:
        return read_policy(reply, now);
    case State::instances:
    case State::proving:
        return read_instances(reply, now);
    case State::requests:
        return read_requests(reply, now);
    case State::activating:
    case State::polling:
        return read_request(reply, now);
    case State::withdrawing:
        return finish(PimGone{false});
    }
    return talk_.refuse_nonsense();
}

PimStep PimActivation::read_instances(const HttpReply &reply, const Now &now)
{
    if (!talk_.read_instances(reply, now, membership_))
        return end_nonsense();
    if (talk_.link().has_more())
        return send(now);
    return state_ == State::proving ? prove(reply, now) : take_up_instance(now);
}

PimStep PimActivation::read_fault(const HttpReply &reply, const Now &now)
{
    // Without leave to read the policy there is none to follow: PIM keeps to it by itself.
    if (state_ == State::policy)
        return go(State::instances, now);
    if (state_ == State::withdrawing)
        return finish(PimGone{true});
    if (state_ == State::polling && reply.status == 404 && tries_ < max_missing)
        return wait(reply, now);
    const PimFault fault = read_pim_fault(reply);
    if (is_cancelled_)
        return read_fault_of_who_left(fault);
    if (state_ == State::activating)
        return read_refusal(fault, now);
    return talk_.refuse(fault);
}

PimStep PimActivation::finish(PimStep step)
{
    talk_.close();
    return step;
}

} // namespace jit::oidc
