#include "jitd/session.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/people.h"
#include "jitd/words.h"
#include "lib/base/text.h"

namespace jit::daemon {

namespace {

Event event_of(ipc::Cause cause)
{
    switch (cause) {
    case ipc::Cause::cancelled:
        return Event::cancelled;
    case ipc::Cause::expired:
    case ipc::Cause::timed_out:
        return Event::timed_out;
    default:
        return Event::denied;
    }
}

// Whether the provider's side failed, rather than a person or a rule said no.
bool is_provider_error(ipc::Cause cause)
{
    return cause == ipc::Cause::unreachable || cause == ipc::Cause::not_trusted ||
           cause == ipc::Cause::misconfigured || cause == ipc::Cause::broken;
}

} // namespace

AuditRecord Session::make_record(Event event, std::string message) const
{
    AuditRecord record;
    record.event = event;
    record.message = std::move(message);
    record.request = facts_.id;
    record.role = facts_.role;
    record.user = facts_.user;
    record.uid = facts_.uid;
    record.oid = signer_->oid.empty() ? facts_.oid : signer_->oid;
    record.service = facts_.origin.service;
    record.tty = facts_.origin.tty;
    record.rhost = facts_.from->rhost;
    record.command = facts_.command;
    record.reason = facts_.reason.value_or("");
    record.correlation = correlation();
    record.extends = facts_.extends;
    record.duration = facts_.duration;
    return record;
}

std::string Session::who() const
{
    if (!facts_.is_shared)
        return facts_.user;
    return (signer_->person.empty() ? "somebody" : signer_->person) + " as " + facts_.user;
}

Actions Session::close(ipc::Cause cause, std::string message, std::string_view rule)
{
    state_ = State::closed;
    end_sign_in();
    // What is open in Entra when the time is up is taken up by the next run. Who wants it no more
    // has it taken back, and given back what came too late for that; so has he whose grant ended
    // before it could go on by it.
    if (cause == ipc::Cause::timed_out)
        (void)take_activation();
    const bool gives_back =
        cause == ipc::Cause::cancelled || (cause == ipc::Cause::expired && !facts_.extends.empty());
    if (!gives_back || was_active() || !awaited_ || !awaited_->is_met)
        (void)take_activator();
    Actions actions;
    const auto record = [&](Event event, std::optional<ipc::Cause> ends) {
        AuditRecord made = make_record(event, who() + ": role " + facts_.role + ": " + message);
        made.rule = rule.empty() ? ipc::name_of(cause) : rule;
        actions.emplace_back(WriteRecord{std::move(made), ends});
    };
    if (is_provider_error(cause))
        record(Event::provider_error, std::nullopt);
    record(event_of(cause), cause);
    actions.emplace_back(Close{cause, std::move(message), correlation()});
    return actions;
}

Actions Session::start()
{
    if (state_ != State::idle)
        return {};
    const bool is_unproven = facts_.origin.is_unproven;
    AuditRecord requested = make_record(
        Event::requested, facts_.extends.empty()
                              ? (is_unproven ? "somebody who has not proven to be " : "") + who() +
                                    " asks for role " + facts_.role + " for " +
                                    format_duration(facts_.duration)
                              : who() + " asks to keep role " + facts_.role + " for " +
                                    format_duration(facts_.duration) + " from now");
    if (is_unproven)
        requested.rule = rule_unproven;
    requested.asked = facts_.asked;
    requested.needs_approval = facts_.mode == policy::Approval::Mode::approver;
    Actions actions = list(WriteRecord{std::move(requested)}, WakeAt{facts_.deadline});
    // Whom the sign-in has yet to find has no use of the role that could be counted.
    if (!facts_.is_limited || facts_.oid.empty())
        return join(std::move(actions), begin());
    state_ = State::trying;
    return join(std::move(actions), list(AskTrial{}));
}

Actions Session::begin()
{
    if (facts_.is_unattended || facts_.mode == policy::Approval::Mode::watch) {
        state_ = State::deciding;
        return list(AskRules{});
    }
    state_ = State::signing_in;
    sign_in_ = std::make_unique<SignIn>(
        WhoSigns{facts_.user, facts_.oid, facts_.upn, facts_.is_shared,
                 facts_.mode == policy::Approval::Mode::pim ? Purpose::activation
                                                            : Purpose::request,
                 facts_.deadline, facts_.began.boot},
        Demands{facts_.auth_context, facts_.entra->claims});
    return follow(sign_in_->begin());
}

Actions Session::on_tried(std::chrono::seconds duration)
{
    if (state_ != State::trying)
        return {};
    facts_.duration = std::min(facts_.duration, duration);
    return begin();
}

Actions Session::on_trial_failed(ipc::Cause cause, std::string message)
{
    return state_ == State::trying ? close(cause, std::move(message)) : Actions{};
}

std::variant<policy::Decision, Actions> Session::decide(const Rules &rules)
{
    // Much time may have gone by since the person was found.
    if (awaited_ && !facts_.is_shared && !is_person_of(facts_.oid, facts_.user, rules))
        return close(ipc::Cause::policy_changed, std::string{words::person_changed},
                     "person-changed");
    const policy::Ask ask{facts_.role,
                          facts_.asked,
                          facts_.reason ? std::string_view{*facts_.reason} : std::string_view{},
                          false,
                          {facts_.origin.tty, facts_.from->rhost}};
    const auto decision =
        policy::decide(rules.policy, ask, make_person(rules), rules.host, {}, rules.now);
    if (decision.is_refused())
        return close(decision.refusal == policy::Refusal::unknown_role ? ipc::Cause::policy_changed
                                                                       : ipc::Cause::refused,
                     policy::explain(decision, facts_.role,
                                     facts_.is_shared ? signer_->person : facts_.user),
                     policy::name_of(decision.refusal));
    // Whose sign-in counts was decided by that; and nobody has signed in where by the policy of now
    // somebody must.
    if ((facts_.extends.empty() && decision.role->shared != facts_.is_shared) ||
        decision.needs_sign_in)
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    return decision;
}

Actions Session::on_rules(const Rules &rules)
{
    if (state_ != State::deciding)
        return {};
    auto decided = decide(rules);
    if (auto *closed = std::get_if<Actions>(&decided))
        return std::move(*closed);
    const auto &decision = std::get<policy::Decision>(decided);
    // The policy may have become narrower while the person signed in, never wider for this request.
    facts_.duration = std::min(facts_.duration, decision.duration);
    facts_.groups = decision.role->groups;
    if (auto waits = await(*decision.role, rules))
        return *std::move(waits);
    if (facts_.is_held && !is_claimed_) {
        state_ = State::held;
        if (awaited_ && awaited_->until && rules.boot + limits::held_activation < facts_.deadline) {
            facts_.deadline = rules.boot + limits::held_activation;
            facts_.deadline_wall = rules.now + limits::held_activation;
        }
        return list(Hold{}, WakeAt{facts_.deadline});
    }
    state_ = State::granting;
    return list(AskGrant{make_approved(), approvers()});
}

// The rules are asked once more: some time may have gone by.
Actions Session::claim()
{
    if (state_ != State::held)
        return {};
    is_claimed_ = true;
    state_ = State::deciding;
    return list(AskRules{});
}

Actions Session::on_granted(WallTime since, WallTime until, std::vector<std::string> groups)
{
    if (state_ != State::granting)
        return {};
    // What is extended was there before: nothing of it is taken back.
    if (cancelled_ && facts_.extends.empty())
        return join(list(TakeBack{}), close(cancelled_->first, cancelled_->second));
    // However long the helper took: nothing outlives what it stands on.
    if (facts_.extends.empty() && awaited_ && awaited_->until && until > *awaited_->until)
        return join(list(TakeBack{}),
                    close(ipc::Cause::expired, std::string{words::activation_over}));
    state_ = State::recording;
    since_ = since;
    until_ = until;
    facts_.groups = std::move(groups);
    AuditRecord granted = make_record(facts_.extends.empty() ? Event::granted : Event::extended,
                                      who() + " has role " + facts_.role +
                                          (facts_.extends.empty() ? "" : " longer,") + " until " +
                                          format_time(until));
    granted.has_grant = true;
    granted.until = until;
    granted.approver_oid = approvers();
    if (facts_.is_unattended)
        granted.rule = rule_unattended;
    return list(RecordGrant{std::move(granted)});
}

Actions Session::on_recorded(bool is_recorded)
{
    if (state_ != State::recording)
        return {};
    if (!is_recorded && !facts_.extends.empty())
        return close(ipc::Cause::failed, std::string{words::no_ledger});
    if (!is_recorded)
        return join(list(TakeBack{}), close(ipc::Cause::failed, std::string{words::no_ledger}));
    state_ = State::closed;
    return list(Close{std::nullopt, "", correlation()});
}

Actions Session::on_grant_failed(ipc::Cause cause, std::string message)
{
    if (state_ != State::granting)
        return {};
    if (cancelled_)
        return close(cancelled_->first, cancelled_->second);
    return close(cause, std::move(message));
}

Actions Session::cancel(ipc::Cause cause, std::string message)
{
    if (state_ == State::closed || state_ == State::recording)
        return {};
    if (state_ == State::granting) {
        if (!cancelled_)
            cancelled_ =
                std::make_unique<std::pair<ipc::Cause, std::string>>(cause, std::move(message));
        return {};
    }
    return close(cause, std::move(message));
}

} // namespace jit::daemon
