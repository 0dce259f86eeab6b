#include "lib/oidc/pim_activation.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/oidc/claims_request.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"
#include "lib/oidc/pim_questions.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;
using Fate = GraphVerdict::Fate;

constexpr std::size_t max_reason_bytes = 512;
constexpr std::size_t max_ticket_bytes = 64;
constexpr seconds first_pause{2};
constexpr seconds max_pause{30};
constexpr unsigned max_posts = 4;
constexpr unsigned max_missing = 5;   // a request that was made and is not found yet
constexpr unsigned max_unproven = 10; // "provisioned", and no instance yet: some four minutes
constexpr unsigned max_withdrawals = 3;
// After "the start lies in the past": this clock is behind PIM's, or the way there is long.
constexpr seconds starts[] = {seconds{0}, seconds{30}, seconds{120}};

constexpr const char *no_sense = "Microsoft Graph's answer about PIM makes no sense. Run it again, "
                                 "and ask the administrator if it recurs.";
constexpr const char *misused = "PIM was asked for nothing that it can do. The administrator has "
                                "to check pim_group in the role's policy.";
constexpr const char *too_late =
    "PIM did not activate it in time. The request stays open in Entra: run it again, and it is "
    "taken up.";
constexpr const char *away = "Microsoft Graph did not answer in time. Run it again later.";
constexpr const char *unproven = "Entra says that the group is active and does not list it. Run it "
                                 "again, and ask the administrator if it recurs.";
constexpr const char *in_past = "Entra says that the activation has ended already. The "
                                "administrator has to check this host's clock.";
constexpr const char *standing =
    "You are a member of the group without PIM, so there is nothing to activate. The administrator "
    "has to make that membership eligible.";
constexpr const char *not_taken =
    "Microsoft Graph did not take the activation, though it was asked several times. Run it again "
    "later.";

seconds pause_after(unsigned tries)
{
    return std::min(first_pause * (1 << std::min(tries, 4U)), max_pause);
}

bool has_text(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return c != ' ' && c != '\t'; });
}

} // namespace

PimActivation::PimActivation(PimAsk ask)
    : ask_(std::move(ask)),
      link_(ask_.who.graph_host, std::move(ask_.who.token), ask_.who.request_id, ask_.who.deadline)
{
    ask_.reason = safe_text(ask_.reason, max_reason_bytes);
    if (ask_.ticket.empty())
        ask_.ticket = find_ticket(ask_.reason);
    ask_.ticket = safe_text(ask_.ticket, max_ticket_bytes);
}

PimStep PimActivation::start(const Now &now)
{
    if (state_ != State::idle)
        return refuse(Failure::broken, no_sense);
    if (!link_.is_usable() || !is_pim_subject(ask_.who) || ask_.duration < seconds{1})
        return refuse(Failure::misconfigured, misused);
    if (now.boot >= link_.deadline())
        return end_late();
    return go(State::eligibility, now);
}

void PimActivation::enter(State state)
{
    state_ = state;
    tries_ = 0;
    link_.forget_list();
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
    is_out_ = true;
    switch (state_) {
    case State::eligibility:
        return SendRequest{link_.list(eligibility_target())};
    case State::policy:
        return SendRequest{link_.list(policy_target(ask_.who.group))};
    case State::instances:
    case State::proving:
        return SendRequest{link_.list(instances_target())};
    case State::requests:
        return SendRequest{link_.list(own_requests_target(ask_.who))};
    case State::activating:
        ++posts_;
        search_.posted = posts_ == 1 ? now.wall : search_.posted;
        return SendRequest{link_.post(
            requests_target(),
            make_activation(ask_.who,
                            {now.wall + starts[late_starts_],
                             std::min(ask_.duration, rules_.maximum.value_or(ask_.duration)),
                             has_text(ask_.reason) ? ask_.reason : "", ask_.ticket}))};
    case State::polling:
        return SendRequest{link_.get(request_target(request_))};
    case State::withdrawing:
        // It takes no body; an empty object is the JSON for that.
        return SendRequest{link_.post(cancel_target(request_), "{}")};
    case State::idle:
    case State::finished:
        break;
    }
    return refuse(Failure::broken, no_sense);
}

PimStep PimActivation::on_time(const Now &now)
{
    if (state_ == State::idle || state_ == State::finished)
        return refuse(Failure::broken, no_sense);
    if (now.boot >= link_.deadline())
        return end_late();
    if (is_out_)
        return WaitUntil{link_.deadline()};
    return now.boot < next_at_ ? PimStep{WaitUntil{next_at_}} : send(now);
}

PimStep PimActivation::hurry(const Now &now)
{
    if (state_ == State::idle || state_ == State::finished || is_out_ || is_cancelled_)
        return on_time(now);
    next_at_ = std::min(next_at_, allowed_at_);
    return on_time(now);
}

PimStep PimActivation::on_reply(const HttpReply &reply, const Now &now)
{
    if (!is_out_)
        return refuse(Failure::broken, no_sense);
    is_out_ = false;
    if (now.boot >= link_.deadline())
        return end_late();
    const GraphVerdict verdict = link_.judge(reply, now.boot);
    switch (verdict.fate) {
    case Fate::answered:
        break;
    case Fate::later:
        return put_off(verdict.at);
    case Fate::ended:
        search_.is_unclear =
            search_.is_unclear ||
            (state_ == State::activating && reply.outcome != HttpReply::Outcome::not_trusted);
        return is_cancelled_ ? finish(PimGone{may_stand()})
                             : refuse(verdict.failure, verdict.advice);
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
    next_at_ = allowed_at_ = at;
    return WaitUntil{at};
}

PimStep PimActivation::wait(seconds pause, const HttpReply &reply, const Now &now)
{
    const seconds demanded = read_retry_after(reply.retry_after).value_or(seconds{0});
    next_at_ = std::min(link_.deadline(), now.boot + std::max(pause, demanded));
    allowed_at_ = now.boot + std::max(first_pause, demanded);
    return WaitUntil{next_at_};
}

PimStep PimActivation::tell(PimWaits::What what, PimStep wait)
{
    bool &told = what == PimWaits::What::approval ? told_approval_ : told_provisioning_;
    if (is_cancelled_ || std::exchange(told, true))
        return wait;
    return PimWaits{what, next_at_};
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
    case State::idle:
    case State::finished:
        break;
    }
    return refuse(Failure::broken, no_sense);
}

PimStep PimActivation::read_eligibility(const HttpReply &reply, const Now &now)
{
    const bool is_read = link_.read_page(reply, [this](const json_t *entry) {
        is_eligible_ = is_eligible_ || makes_eligible(entry, ask_.who);
        return true;
    });
    if (!is_read)
        return refuse(Failure::broken, no_sense);
    if (is_eligible_)
        return go(State::policy, now);
    return link_.has_more() ? send(now) : refuse(Failure::blocked, explain_rule("eligibilityrule"));
}

PimStep PimActivation::read_policy(const HttpReply &reply, const Now &now)
{
    const bool is_read = link_.read_page(
        reply, [this](const json_t *entry) { return add_policy(rules_, entry, ask_.who.group); });
    if (!is_read)
        return refuse(Failure::broken, no_sense);
    return link_.has_more() ? send(now) : go(State::instances, now);
}

PimStep PimActivation::read_instances(const HttpReply &reply, const Now &now)
{
    const bool is_read = link_.read_page(reply, [&](const json_t *entry) {
        return add_instance(membership_, entry, ask_.who, now.wall);
    });
    if (!is_read)
        return refuse(Failure::broken, no_sense);
    if (link_.has_more())
        return send(now);
    if (state_ == State::proving)
        return prove(reply, now);
    if (!membership_.until)
        return go(State::requests, now);
    return finish(PimActive{*membership_.until, request_, !search_.is_unclear, std::nullopt});
}

PimStep PimActivation::prove(const HttpReply &reply, const Now &now)
{
    if (membership_.until) {
        const bool is_less = !exists_ && rules_.maximum && *rules_.maximum < ask_.duration;
        return finish(PimActive{*membership_.until, request_, exists_ && !search_.is_unclear,
                                is_less ? rules_.maximum : std::nullopt});
    }
    if (membership_.has_ended)
        return refuse(Failure::broken, in_past);
    if (exists_ && membership_.is_standing)
        return refuse(Failure::blocked, standing);
    if (tries_ >= max_unproven)
        return refuse(Failure::broken, unproven);
    const seconds pause = pause_after(tries_++);
    membership_ = {};
    return tell(PimWaits::What::provisioning, wait(pause, reply, now));
}

PimStep PimActivation::read_requests(const HttpReply &reply, const Now &now)
{
    const bool is_read = link_.read_page(reply, [&](const json_t *entry) {
        search_.take(entry, ask_.who, now.wall);
        return true;
    });
    if (!is_read)
        return is_cancelled_ ? finish(PimGone{true}) : refuse(Failure::broken, no_sense);
    if (link_.has_more())
        return send(now);
    if (search_.found) {
        request_ = search_.found->id;
        const bool is_done = search_.found->status == PimStatus::provisioned;
        if (is_cancelled_)
            return is_done ? finish(PimGone{true}) : go(State::withdrawing, now);
        return go(is_done ? State::proving : State::polling, now);
    }
    if (is_cancelled_)
        return finish(PimGone{search_.is_open});
    if (!search_.is_open)
        return activate(now);
    // PIM says that there is one; its list may lag behind.
    if (tries_ >= max_missing)
        return refuse(Failure::blocked, "A request of yours for this group is open in PIM and "
                                        "can't be found. Cancel it in Entra and run it again.");
    return wait(pause_after(tries_++), reply, now);
}

// What the rules demand counts only here: what runs or waits already is none of their business.
PimStep PimActivation::activate(const Now &now)
{
    const auto &had = ask_.contexts;
    if (!rules_.context.empty() && ask_.may_demand &&
        std::find(had.begin(), had.end(), rules_.context) == had.end())
        return finish(PimDemands{make_claims_request(rules_.context, {})});
    if (rules_.wants_reason && !has_text(ask_.reason))
        return refuse(Failure::blocked, explain_rule("justificationrule"));
    if (rules_.wants_ticket && ask_.ticket.empty())
        return refuse(Failure::blocked, explain_rule("ticketingrule"));
    if (posts_ >= max_posts)
        return refuse(Failure::unreachable, not_taken);
    return go(State::activating, now);
}

// The answer to the POST, or to a poll.
PimStep PimActivation::read_request(const HttpReply &reply, const Now &now)
{
    const Json parsed = parse_object(reply.body.reveal());
    auto request = read_pim_request(parsed.get(), ask_.who);
    if (!request || (state_ == State::polling && to_lower(request->id) != to_lower(request_))) {
        search_.is_unclear = true;
        return is_cancelled_ ? finish(PimGone{true}) : refuse(Failure::broken, no_sense);
    }
    if (state_ == State::activating) {
        request_ = std::move(request->id);
        is_ours_ = true;
        enter(State::polling);
    }
    return follow(request->status, reply, now);
}

PimStep PimActivation::follow(PimStatus status, const HttpReply &reply, const Now &now)
{
    if (status == PimStatus::provisioned)
        return is_cancelled_ ? finish(PimGone{true}) : go(State::proving, now);
    if (const auto ending = find_ending(status))
        return is_cancelled_ ? finish(PimGone{false}) : refuse(ending->failure, ending->advice);
    if (is_cancelled_)
        return go(State::withdrawing, now);
    return tell(status == PimStatus::approval ? PimWaits::What::approval
                                              : PimWaits::What::provisioning,
                wait(pause_after(tries_++), reply, now));
}

PimStep PimActivation::read_fault(const HttpReply &reply, const Now &now)
{
    // Without leave to read the policy there is none to follow: PIM keeps to it by itself.
    if (state_ == State::policy)
        return go(State::instances, now);
    if (state_ == State::withdrawing)
        return finish(PimGone{true});
    if (state_ == State::polling && reply.status == 404 && tries_ < max_missing)
        return wait(pause_after(tries_++), reply, now);
    const PimFault fault = read_pim_fault(reply);
    if (is_cancelled_)
        return finish(PimGone{fault.kind == PimFault::Kind::exists ||
                              fault.kind == PimFault::Kind::is_open || may_stand()});
    if (state_ == State::activating)
        return read_refusal(fault, now);
    return refuse(fault.failure, fault.advice, fault.correlation_id);
}

// PIM's answer to the POST.
PimStep PimActivation::read_refusal(const PimFault &fault, const Now &now)
{
    switch (fault.kind) {
    case PimFault::Kind::exists:
        exists_ = true;
        return go(State::proving, now);
    case PimFault::Kind::is_open:
        if (std::exchange(search_.is_open, true))
            break;
        return go(State::requests, now);
    case PimFault::Kind::in_past:
        if (late_starts_ + 1 >= std::size(starts))
            break;
        ++late_starts_;
        return go(State::requests, now);
    case PimFault::Kind::context:
        if (fault.demanded.empty() && rules_.context.empty())
            break;
        return demand(fault.demanded.empty() ? make_claims_request(rules_.context, {})
                                             : fault.demanded,
                      fault);
    case PimFault::Kind::factor:
        return demand(second_factor_demand(), fault);
    case PimFault::Kind::too_short:
    case PimFault::Kind::is_gone:
    case PimFault::Kind::other:
        break;
    }
    return refuse(fault.failure, fault.advice, fault.correlation_id);
}

PimStep PimActivation::demand(std::string claims, const PimFault &fault)
{
    if (!ask_.may_demand || claims.empty())
        return refuse(fault.failure, fault.advice, fault.correlation_id);
    return finish(PimDemands{std::move(claims)});
}

PimStep PimActivation::cancel(const Now &now)
{
    if (state_ == State::idle || state_ == State::finished)
        return refuse(Failure::broken, no_sense);
    if (now.boot >= link_.deadline()) {
        is_cancelled_ = true;
        return end_late();
    }
    if (std::exchange(is_cancelled_, true))
        return WaitUntil{is_out_ ? link_.deadline() : next_at_};
    switch (state_) {
    case State::activating:
        return WaitUntil{link_.deadline()};
    case State::polling:
        return may_be_ours() ? go(State::withdrawing, now) : finish(PimGone{true});
    case State::proving:
        return finish(PimGone{true});
    default:
        break;
    }
    // Somebody else may wait for what was only found.
    return may_be_ours() && (search_.is_unclear || search_.is_open)
               ? go(State::requests, now)
               : finish(PimGone{search_.is_open});
}

PimStep PimActivation::end_late()
{
    const bool is_out = state_ == State::activating && is_out_;
    if (is_cancelled_)
        return finish(PimGone{may_stand() || is_out});
    return may_stand() || is_out ? refuse(Failure::expired, too_late)
                                 : refuse(Failure::unreachable, away);
}

PimStep PimActivation::refuse(Failure failure, std::string advice,
                              const std::string &correlation_id)
{
    return finish(PimRefused{failure, std::move(advice),
                             correlation_id.empty() ? link_.request_id() : correlation_id});
}

PimStep PimActivation::finish(PimStep step)
{
    link_.close();
    state_ = State::finished;
    is_out_ = false;
    return step;
}

} // namespace jit::oidc
