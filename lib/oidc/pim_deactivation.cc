#include "lib/oidc/pim_deactivation.h"

#include <algorithm>

#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"
#include "lib/oidc/pim_questions.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;
using Fate = GraphVerdict::Fate;

constexpr seconds floor_pause{30};
constexpr unsigned max_too_early = 14;
constexpr unsigned max_posts = 4; // besides those that came too early
constexpr unsigned max_looks = 10;

constexpr const char *no_sense = "Microsoft Graph's answer about PIM makes no sense. End the "
                                 "activation in Entra.";
constexpr const char *misused = "PIM was asked to end nothing that it knows. The administrator has "
                                "to check pim_group in the role's policy.";
constexpr const char *stays = "PIM did not end the activation. End it in Entra, or let it run out.";
constexpr const char *away = "Microsoft Graph did not answer in time. End the activation in Entra, "
                             "or let it run out.";

} // namespace

PimDeactivation::PimDeactivation(PimWho who)
    : who_(std::move(who)),
      link_(who_.graph_host, std::move(who_.token), who_.request_id, who_.deadline, true)
{
}

PimDropStep PimDeactivation::start(const Now &now)
{
    if (state_ != State::idle)
        return refuse(Failure::broken, no_sense);
    if (!link_.is_usable() || !is_pim_subject(who_))
        return refuse(Failure::misconfigured, misused);
    if (now.boot >= link_.deadline())
        return refuse(Failure::unreachable, away);
    state_ = State::deactivating;
    return send();
}

PimDropStep PimDeactivation::send()
{
    is_out_ = true;
    if (state_ == State::looking)
        return SendRequest{link_.list(instances_target())};
    ++posts_;
    return SendRequest{link_.post(requests_target(), make_deactivation(who_))};
}

PimDropStep PimDeactivation::on_time(const Now &now)
{
    if (state_ == State::idle || state_ == State::finished)
        return refuse(Failure::broken, no_sense);
    if (now.boot >= link_.deadline())
        return refuse(Failure::unreachable, away);
    if (is_out_)
        return WaitUntil{link_.deadline()};
    return now.boot < next_at_ ? PimDropStep{WaitUntil{next_at_}} : send();
}

PimDropStep PimDeactivation::on_reply(const HttpReply &reply, const Now &now)
{
    if (!is_out_)
        return refuse(Failure::broken, no_sense);
    is_out_ = false;
    if (now.boot >= link_.deadline())
        return refuse(Failure::unreachable, away);
    const GraphVerdict verdict = link_.judge(reply, now.boot);
    switch (verdict.fate) {
    case Fate::answered:
        break;
    case Fate::later:
        state_ = State::looking;
        next_at_ = verdict.at;
        return WaitUntil{next_at_};
    case Fate::ended:
        return refuse(verdict.failure, verdict.advice);
    }
    if (state_ == State::looking)
        return reply.status == 200 ? read_instances(reply, now) : read_fault(reply, now);
    return reply.status < 300 ? read_answer(reply, now) : read_fault(reply, now);
}

PimDropStep PimDeactivation::wait(seconds pause, const HttpReply &reply, const Now &now)
{
    pause = std::max(pause, read_retry_after(reply.retry_after).value_or(seconds{0}));
    next_at_ = now.boot + pause;
    return next_at_ < link_.deadline() ? PimDropStep{WaitUntil{next_at_}}
                                       : refuse(Failure::expired, stays);
}

PimDropStep PimDeactivation::read_answer(const HttpReply &reply, const Now &now)
{
    const Json parsed = parse_object(reply.body.reveal());
    const auto status = read_deactivation(parsed.get(), who_);
    if (!status)
        return refuse(Failure::broken, no_sense);
    if (*status == PimStatus::revoked)
        return finish(PimDropped{});
    if (*status == PimStatus::denied || *status == PimStatus::failed ||
        *status == PimStatus::canceled)
        return refuse(Failure::blocked, stays);
    is_accepted_ = true;
    state_ = State::looking;
    return wait(seconds{2}, reply, now);
}

PimDropStep PimDeactivation::read_instances(const HttpReply &reply, const Now &now)
{
    const bool is_read = link_.read_page(reply, [&](const json_t *entry) {
        return add_instance(membership_, entry, who_, now.wall);
    });
    if (!is_read)
        return refuse(Failure::broken, no_sense);
    if (link_.has_more())
        return send();
    const bool is_active = membership_.until.has_value();
    membership_ = {};
    if (!is_active)
        return finish(PimDropped{});
    if (is_accepted_)
        return ++looks_ < max_looks ? wait(back_off(seconds{2}, looks_), reply, now)
                                    : refuse(Failure::expired, stays);
    if (posts_ >= max_posts + too_early_)
        return refuse(Failure::unreachable, stays);
    state_ = State::deactivating;
    return send();
}

PimDropStep PimDeactivation::read_fault(const HttpReply &reply, const Now &now)
{
    const PimFault fault = read_pim_fault(reply);
    if (state_ == State::deactivating) {
        if (fault.kind == PimFault::Kind::is_gone)
            return finish(PimDropped{});
        if (fault.kind == PimFault::Kind::too_short && ++too_early_ <= max_too_early)
            return wait(floor_pause, reply, now);
    }
    return refuse(fault.failure, fault.advice, fault.correlation_id);
}

PimDropStep PimDeactivation::refuse(Failure failure, std::string advice,
                                    const std::string &correlation_id)
{
    return finish(PimRefused{failure, std::move(advice),
                             correlation_id.empty() ? link_.request_id() : correlation_id});
}

PimDropStep PimDeactivation::finish(PimDropStep step)
{
    link_.close();
    state_ = State::finished;
    is_out_ = false;
    return step;
}

} // namespace jit::oidc
