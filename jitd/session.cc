#include "jitd/session.h"

#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/oidc/token.h"

namespace jit::daemon {

namespace {

// Adds what comes later to what comes first.
Actions join(Actions first, Actions second)
{
    for (Action &action : second)
        first.push_back(std::move(action));
    return first;
}

template <typename... T> Actions list(T... actions)
{
    Actions made;
    (made.emplace_back(std::move(actions)), ...);
    return made;
}

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
    record.oid = signed_in_oid_.empty() ? facts_.oid : signed_in_oid_;
    record.service = facts_.origin.service;
    record.tty = facts_.origin.tty;
    record.rhost = facts_.rhost;
    record.command = facts_.command;
    record.reason = facts_.reason.value_or("");
    record.correlation = correlation_;
    return record;
}

Actions Session::close(ipc::Cause cause, std::string message)
{
    state_ = State::closed;
    code_.reset();
    flow_.reset();
    id_token_.wipe();
    Actions actions;
    const auto record = [&](Event event) {
        AuditRecord made =
            make_record(event, facts_.user + ": role " + facts_.role + ": " + message);
        made.rule = ipc::name_of(cause);
        actions.emplace_back(WriteRecord{std::move(made)});
    };
    if (is_provider_error(cause))
        record(Event::provider_error);
    record(event_of(cause));
    actions.emplace_back(Close{cause, std::move(message), correlation_});
    return actions;
}

Actions Session::start()
{
    if (state_ != State::idle)
        return {};
    state_ = State::finding_provider;
    AuditRecord requested =
        make_record(Event::requested, facts_.user + " asks for role " + facts_.role + " for " +
                                          format_duration(facts_.duration));
    return list(WriteRecord{std::move(requested)}, WakeAt{facts_.deadline}, FindProvider{});
}

Actions Session::on_provider(const oidc::Expectations &expected, const oidc::Provider &provider,
                             std::string flow_id, BootTime now)
{
    if (state_ != State::finding_provider)
        return {};
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::timed_out});
    state_ = State::signing_in;
    correlation_ = flow_id;
    flow_.emplace(expected, provider, std::move(flow_id), facts_.deadline);
    return follow(flow_->start());
}

Actions Session::on_provider_failed(oidc::Failure failure)
{
    if (state_ != State::finding_provider && state_ != State::judging)
        return {};
    return close(words::cause_of(failure), words::explain(failure, {}, {}));
}

Actions Session::follow(oidc::Step step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return list(SendHttp{std::move(send->request)});
    if (auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return list(WakeAt{wait->at});
    if (auto *show = std::get_if<oidc::ShowCode>(&step)) {
        code_ = ShowCode{show->uri, show->user_code, show->expires};
        return list(
            WriteRecord{make_record(Event::code_issued, "a code for role " + facts_.role +
                                                            " was shown to " + facts_.user)},
            *code_, WakeAt{show->poll_at});
    }
    auto &finished = std::get<oidc::Finished>(step);
    if (!finished.correlation_id.empty())
        correlation_ = finished.correlation_id;
    code_.reset();
    if (finished.failure != oidc::Failure::none)
        return close(words::cause_of(finished.failure),
                     words::explain(finished.failure, finished.advice, correlation_));
    state_ = State::judging;
    id_token_ = std::move(finished.id_token);
    flow_.reset();
    return list(WakeAt{facts_.deadline}, FindKeys{});
}

Actions Session::on_reply(const oidc::HttpReply &reply, BootTime now)
{
    if (state_ != State::signing_in)
        return {};
    return follow(flow_->on_reply(reply, now));
}

Actions Session::on_time(BootTime now)
{
    if (state_ == State::closed || state_ == State::granting || state_ == State::recording)
        return {};
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::timed_out});
    if (state_ != State::signing_in)
        return list(WakeAt{facts_.deadline});
    return follow(flow_->on_time(now));
}

Actions Session::on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now)
{
    if (state_ != State::judging)
        return {};
    const auto judged = oidc::verify_id_token(id_token_.reveal(), keys, rules.expected, now,
                                              facts_.began.wall, rules.skew);
    if (const auto *fault = std::get_if<oidc::TokenFault>(&judged)) {
        // The provider may have changed its keys since they were fetched: once, they are fetched
        // again.
        if (*fault == oidc::TokenFault::unknown_key && !std::exchange(keys_refreshed_, true))
            return list(FindKeys{true});
        return close(ipc::Cause::not_trusted, words::explain(*fault, correlation_));
    }
    id_token_.wipe();
    const auto &claims = std::get<oidc::Claims>(judged);
    signed_in_oid_ = safe_text(claims.oid, 255);
    Actions actions = list(WriteRecord{
        make_record(Event::signed_in, "a sign-in for " + facts_.user + ", role " + facts_.role)});
    if (claims.oid != facts_.oid)
        return join(std::move(actions), close(ipc::Cause::wrong_person,
                                              words::wrong_person(facts_.user, correlation_)));

    policy::Person person;
    person.user = facts_.user;
    person.oid = facts_.oid;
    person.local_groups = rules.local_groups;
    person.signed_in = true;
    person.groups = claims.groups;
    person.group_overage = claims.group_overage;
    person.app_roles = claims.app_roles;
    const auto decision =
        policy::decide(rules.policy, facts_.role, person, rules.host, facts_.asked);
    if (decision.is_refused())
        return join(std::move(actions),
                    close(decision.refusal == policy::Refusal::unknown_role
                              ? ipc::Cause::policy_changed
                              : ipc::Cause::refused,
                          policy::explain(decision.refusal, facts_.role, facts_.user)));
    // The policy may have become narrower while the person signed in, never wider for this request.
    facts_.duration = std::min(facts_.duration, decision.duration);
    facts_.groups = decision.role->groups;

    AuditRecord approved =
        make_record(Event::approved, facts_.user + "'s own sign-in approves role " + facts_.role);
    approved.approver_oid = signed_in_oid_;
    state_ = State::granting;
    return join(std::move(actions), list(WriteRecord{std::move(approved)}, AskGrant{}));
}

Actions Session::on_granted(WallTime since, WallTime until, std::vector<std::string> groups)
{
    if (state_ != State::granting)
        return {};
    if (cancelled_)
        return join(list(TakeBack{}), close(cancelled_->first, cancelled_->second));
    state_ = State::recording;
    since_ = since;
    until_ = until;
    facts_.groups = std::move(groups);
    AuditRecord granted = make_record(Event::granted, facts_.user + " has role " + facts_.role +
                                                          " until " + format_time(until));
    granted.has_grant = true;
    granted.until = until;
    granted.approver_oid = signed_in_oid_;
    return list(RecordGrant{std::move(granted)});
}

Actions Session::on_recorded(bool is_recorded)
{
    if (state_ != State::recording)
        return {};
    if (!is_recorded)
        return join(list(TakeBack{}), close(ipc::Cause::failed, std::string{words::no_ledger}));
    state_ = State::closed;
    return list(Close{std::nullopt, "", correlation_});
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
            cancelled_.emplace(cause, std::move(message));
        return {};
    }
    return close(cause, std::move(message));
}

} // namespace jit::daemon
