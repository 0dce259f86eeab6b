#include "lib/oidc/pim_look.h"

namespace jit::oidc {

namespace {

using Fate = GraphVerdict::Fate;

constexpr const char *no_sense = "Microsoft Graph's answer about PIM makes no sense. Ask the "
                                 "administrator if it recurs.";
constexpr const char *misused = "PIM was asked about nothing that it knows. The administrator has "
                                "to check pim_group in the role's policy.";
constexpr const char *away = "Microsoft Graph did not answer in time.";

} // namespace

PimLook::PimLook(PimWho who)
    : who_(std::move(who)),
      link_(who_.graph_host, std::move(who_.token), who_.request_id, who_.deadline, true)
{
}

PimLookStep PimLook::start(const Now &now)
{
    if (state_ != State::idle)
        return refuse(Failure::broken, no_sense);
    if (!link_.is_usable() || !is_pim_subject(who_))
        return refuse(Failure::misconfigured, misused);
    if (now.boot >= link_.deadline())
        return refuse(Failure::unreachable, away);
    return send();
}

PimLookStep PimLook::send()
{
    state_ = State::asking;
    return SendRequest{link_.list(instances_target())};
}

PimLookStep PimLook::on_time(const Now &now)
{
    if (state_ == State::idle || state_ == State::finished)
        return refuse(Failure::broken, no_sense);
    if (now.boot >= link_.deadline())
        return refuse(Failure::unreachable, away);
    if (state_ == State::asking)
        return WaitUntil{link_.deadline()};
    return now.boot < next_at_ ? PimLookStep{WaitUntil{next_at_}} : send();
}

PimLookStep PimLook::on_reply(const HttpReply &reply, const Now &now)
{
    if (state_ != State::asking)
        return refuse(Failure::broken, no_sense);
    if (now.boot >= link_.deadline())
        return refuse(Failure::unreachable, away);
    const GraphVerdict verdict = link_.judge(reply, now.boot);
    switch (verdict.fate) {
    case Fate::answered:
        break;
    case Fate::later:
        state_ = State::waiting;
        next_at_ = verdict.at;
        return WaitUntil{next_at_};
    case Fate::ended:
        return refuse(verdict.failure, verdict.advice);
    }
    if (reply.status != 200) {
        const PimFault fault = read_pim_fault(reply);
        return refuse(fault.failure, fault.advice, fault.correlation_id);
    }
    const bool is_read = link_.read_page(reply, [&](const json_t *entry) {
        return add_instance(membership_, entry, who_, now.wall);
    });
    if (!is_read)
        return refuse(Failure::broken, no_sense);
    if (link_.has_more())
        return send();
    return membership_.until ? finish(PimStands{*membership_.until}) : finish(PimEnded{});
}

PimLookStep PimLook::refuse(Failure failure, std::string advice, const std::string &correlation_id)
{
    return finish(PimRefused{failure, std::move(advice),
                             correlation_id.empty() ? link_.request_id() : correlation_id});
}

PimLookStep PimLook::finish(PimLookStep step)
{
    link_.close();
    state_ = State::finished;
    return step;
}

} // namespace jit::oidc
