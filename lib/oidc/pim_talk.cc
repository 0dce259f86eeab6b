#include "lib/oidc/pim_talk.h"

#include <utility>

namespace jit::oidc {

namespace {

using What = PimTurn::What;
using Fate = GraphVerdict::Fate;

constexpr const char *no_sense = "Microsoft Graph's answer about PIM makes no sense. ";
constexpr const char *away = "Microsoft Graph did not answer in time. ";
constexpr const char *misused = "PIM was asked for nothing that it can do. The administrator has "
                                "to check pim_group in the role's policy.";

} // namespace

PimTalk::PimTalk(PimWho who, bool is_known, PimRemedies remedies)
    : who_(std::move(who)),
      link_(who_.graph_host, std::move(who_.token), who_.request_id, who_.deadline, is_known),
      remedies_(remedies)
{
}

std::optional<PimRefused> PimTalk::begin(const Now &now)
{
    if (stage_ != Stage::idle)
        return refuse_nonsense();
    if (!link_.is_usable() || !is_pim_subject(who_))
        return refuse_misused();
    if (is_late(now))
        return refuse(stop(What::late));
    stage_ = Stage::on;
    return std::nullopt;
}

PimTurn PimTalk::on_time(const Now &now) const
{
    if (!is_on())
        return stop(What::misuse);
    if (is_late(now))
        return stop(What::late);
    if (is_out_)
        return {What::wait, link_.deadline(), Failure::none, {}};
    if (now.boot < next_at_)
        return {What::wait, next_at_, Failure::none, {}};
    return {};
}

PimTurn PimTalk::on_reply(const HttpReply &reply, const Now &now)
{
    if (!std::exchange(is_out_, false))
        return stop(What::misuse);
    if (is_late(now))
        return stop(What::late);
    const GraphVerdict verdict = link_.judge(reply, now.boot);
    switch (verdict.fate) {
    case Fate::answered:
        break;
    case Fate::later:
        next_at_ = verdict.at;
        return {What::wait, next_at_, Failure::none, {}};
    case Fate::ended:
        return {What::over, {}, verdict.failure, verdict.advice};
    }
    return {};
}

PimTurn PimTalk::stop(What what) const
{
    return what == What::late
               ? PimTurn{what, {}, Failure::unreachable, std::string{away} + remedies_.away}
               : PimTurn{what, {}, Failure::broken, std::string{no_sense} + remedies_.no_sense};
}

SendRequest PimTalk::ask(HttpRequest question)
{
    is_out_ = true;
    return SendRequest{std::move(question)};
}

WaitUntil PimTalk::wait_until(BootTime at)
{
    next_at_ = at;
    return WaitUntil{at};
}

SendRequest PimTalk::ask_instances()
{
    return ask(link_.list(instances_target()));
}

bool PimTalk::read_instances(const HttpReply &reply, const Now &now, PimMembership &found)
{
    return link_.read_page(
        reply, [&](const json_t *entry) { return add_instance(found, entry, who_, now.wall); });
}

PimRefused PimTalk::refuse(Failure failure, std::string advice, const std::string &correlation_id)
{
    close();
    return {failure, std::move(advice),
            correlation_id.empty() ? link_.request_id() : correlation_id};
}

PimRefused PimTalk::refuse(const PimFault &fault)
{
    return refuse(fault.failure, fault.advice, fault.correlation_id);
}

PimRefused PimTalk::refuse(const PimTurn &turn)
{
    return refuse(turn.failure, turn.advice);
}

PimRefused PimTalk::refuse_nonsense()
{
    return refuse(stop(What::misuse));
}

PimRefused PimTalk::refuse_misused()
{
    return refuse(Failure::misconfigured, misused);
}

void PimTalk::close()
{
    link_.close();
    stage_ = Stage::over;
    is_out_ = false;
}

} // namespace jit::oidc
