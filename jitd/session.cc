#include "jitd/session.h"

#include <algorithm>

#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/oidc/claims_request.h"

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

Actions Session::close(ipc::Cause cause, std::string message, std::string_view rule)
{
    state_ = State::closed;
    code_.reset();
    flow_.reset();
    lookup_.reset();
    id_token_.wipe();
    access_token_.wipe();
    Actions actions;
    const auto record = [&](Event event) {
        AuditRecord made =
            make_record(event, facts_.user + ": role " + facts_.role + ": " + message);
        made.rule = rule.empty() ? ipc::name_of(cause) : rule;
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
    AuditRecord requested =
        make_record(Event::requested, facts_.user + " asks for role " + facts_.role + " for " +
                                          format_duration(facts_.duration));
    Actions actions = list(WriteRecord{std::move(requested)}, WakeAt{facts_.deadline});
    // Whom the sign-in has yet to find has no use of the role that could be counted.
    if (!facts_.is_limited || facts_.oid.empty())
        return join(std::move(actions), begin());
    state_ = State::trying;
    return join(std::move(actions), list(AskTrial{}));
}

Actions Session::begin()
{
    if (facts_.is_unattended) {
        state_ = State::deciding;
        return list(AskRules{});
    }
    state_ = State::finding_party;
    return list(FindParty{});
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

Actions Session::on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                          BootTime now)
{
    if (state_ != State::finding_party)
        return {};
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::timed_out});
    state_ = State::signing_in;
    correlation_ = flow_id;
    party_ = std::move(party);
    flow_.emplace(party_, std::move(flow_id),
                  oidc::make_claims_request(facts_.auth_context, demanded_), facts_.deadline);
    return follow(flow_->start());
}

Actions Session::on_provider_failed(oidc::Failure failure, std::string_view why)
{
    if (state_ != State::finding_party && state_ != State::judging)
        return {};
    return close(words::cause_of(failure), words::explain(failure, why, {}));
}

Actions Session::follow(oidc::Step step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return list(SendHttp{std::move(send->request)});
    if (auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return list(WakeAt{wait->at});
    if (auto *show = std::get_if<oidc::ShowCode>(&step)) {
        code_ = ShowCode{show->uri, show->user_code, show->expires, !demanded_.empty()};
        const char *const which = demanded_.empty() ? "a code" : "another code, for more proof,";
        return list(WriteRecord{make_record(Event::code_issued, std::string{which} + " for role " +
                                                                    facts_.role + " was shown to " +
                                                                    facts_.user)},
                    *code_, WakeAt{show->poll_at});
    }
    return end_flow(std::move(std::get<oidc::Finished>(step)));
}

Actions Session::end_flow(oidc::Finished finished)
{
    if (!finished.correlation_id.empty())
        correlation_ = finished.correlation_id;
    code_.reset();
    flow_.reset();
    if (finished.failure != oidc::Failure::none) {
        // Once: who is not satisfied by what was demanded would demand it for ever.
        if (!finished.demanded.empty() && demanded_.empty()) {
            demanded_ = std::move(finished.demanded);
            state_ = State::finding_party;
            return list(WakeAt{facts_.deadline}, FindParty{});
        }
        return close(words::cause_of(finished.failure),
                     words::explain(finished.failure, finished.advice, correlation_));
    }
    state_ = State::judging;
    id_token_ = std::move(finished.id_token);
    access_token_ = std::move(finished.access_token);
    return list(WakeAt{facts_.deadline}, FindKeys{});
}

Actions Session::follow_lookup(oidc::LookupStep step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return list(SendHttp{std::move(send->request)});
    if (auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return list(WakeAt{wait->at});
    lookup_.reset();
    if (auto *unknown = std::get_if<oidc::GroupsUnknown>(&step))
        return close(words::cause_of(unknown->failure),
                     words::no_groups(unknown->advice, correlation_));
    // What was asked for is known now, and nothing else counts.
    claims_->groups = std::move(std::get<oidc::GroupsFound>(step).groups);
    claims_->group_overage = false;
    state_ = State::deciding;
    return list(WakeAt{facts_.deadline}, AskRules{});
}

Actions Session::on_reply(const oidc::HttpReply &reply, BootTime now)
{
    if (state_ == State::looking_up)
        return follow_lookup(lookup_->on_reply(reply, now));
    return state_ == State::signing_in ? follow(flow_->on_reply(reply, now)) : Actions{};
}

Actions Session::on_time(BootTime now)
{
    if (state_ == State::closed || state_ == State::granting || state_ == State::recording)
        return {};
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::timed_out});
    if (state_ == State::looking_up)
        return follow_lookup(lookup_->on_time(now));
    return state_ == State::signing_in ? follow(flow_->on_time(now))
                                       : list(WakeAt{facts_.deadline});
}

Actions Session::hurry(BootTime now)
{
    if (state_ != State::signing_in || now >= facts_.deadline)
        return {};
    return follow(flow_->hurry(now));
}

Actions Session::on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now)
{
    if (state_ != State::judging)
        return {};
    auto judged = oidc::verify_id_token(id_token_.reveal(), keys, rules.expected, now,
                                        facts_.began.wall, rules.skew);
    const auto refuse = [&](oidc::TokenFault fault) {
        return close(ipc::Cause::not_trusted, words::explain(fault, correlation_),
                     oidc::name_of(fault));
    };
    if (const auto *fault = std::get_if<oidc::TokenFault>(&judged)) {
        // The provider may have changed its keys since they were fetched: once, they are fetched
        // again.
        if (*fault == oidc::TokenFault::unknown_key && !std::exchange(keys_refreshed_, true))
            return list(FindKeys{true});
        return refuse(*fault);
    }
    id_token_.wipe();
    claims_ = std::make_unique<oidc::Claims>(std::get<oidc::Claims>(std::move(judged)));
    signed_in_oid_ = safe_text(claims_->oid, 255);
    if (!rules.seen.note(claims_->uti, claims_->expires_at + rules.skew, now))
        return refuse(oidc::TokenFault::replayed);
    Actions actions = list(WriteRecord{
        make_record(Event::signed_in, "a sign-in for " + facts_.user + ", role " + facts_.role)});
    return join(std::move(actions), recognize(rules));
}

// Whether who signed in is the person of the requester.
Actions Session::recognize(const Rules &rules)
{
    if (!facts_.upn.empty())
        return recognize_by_name(rules);
    if (facts_.oid.empty() || claims_->oid != facts_.oid)
        return close(ipc::Cause::wrong_person, words::wrong_person(facts_.user, correlation_));
    return look_up_or_decide(rules);
}

// A name counts only where no id is known, and only for somebody whose account is of this tenant.
Actions Session::recognize_by_name(const Rules &rules)
{
    const bool has_name = claims_->upn == facts_.upn;
    if (rules.pin != nullptr && claims_->oid == rules.pin->oid) {
        facts_.oid = claims_->oid;
        return use_pin(rules, *rules.pin);
    }
    if (!has_name)
        return close(ipc::Cause::wrong_person, words::wrong_person(facts_.user, correlation_));
    // By his name it would be he: the account behind it was replaced, or somebody took it.
    if (rules.pin != nullptr)
        return close(ipc::Cause::wrong_person, words::other_oid(facts_.user, correlation_),
                     rule_pin_mismatch);
    if (claims_->is_guest)
        return close(ipc::Cause::wrong_person, words::guest_by_name(facts_.user, correlation_));
    facts_.oid = claims_->oid;
    state_ = State::pinning;
    // The record comes first: nobody is pinned without one.
    AuditRecord pinned = make_record(Event::config_changed,
                                     facts_.user + " was found to be the person of " + facts_.upn);
    pinned.rule = "pin-first";
    return list(WriteRecord{std::move(pinned)},
                KeepPin{{facts_.user, facts_.oid, facts_.upn, {}, false}});
}

Actions Session::on_pinned(bool is_kept, const Rules &rules)
{
    if (state_ != State::pinning)
        return {};
    if (!is_kept)
        return close(ipc::Cause::failed, std::string{words::no_ledger});
    return use_pin(rules, {});
}

Actions Session::use_pin(const Rules &rules, const Pin &pin)
{
    if (rules.pin_needs_confirmation && !pin.confirmed)
        return close(ipc::Cause::refused, words::pin_waits(facts_.user), "pin-unconfirmed");
    return look_up_or_decide(rules);
}

policy::Person Session::make_person(const Rules &rules) const
{
    policy::Person person;
    person.user = facts_.user;
    person.oid = facts_.oid;
    person.local_groups = rules.local_groups;
    // By the map, unless his name had to find him.
    person.is_vouched = facts_.upn.empty() || (rules.pin != nullptr && rules.pin->confirmed);
    person.signed_in = claims_ != nullptr;
    if (!claims_)
        return person; // nobody signs in for this role
    person.groups = claims_->groups;
    person.group_overage = claims_->group_overage;
    person.app_roles = claims_->app_roles;
    person.is_guest = claims_->is_guest;
    person.contexts = claims_->contexts;
    if (claims_->authenticated_at)
        person.auth_age = facts_.began.wall - *claims_->authenticated_at - oidc::max_backdating -
                          std::min(rules.skew, oidc::max_skew);
    return person;
}

Actions Session::look_up_or_decide(const Rules &rules)
{
    const policy::Role *const role = rules.policy.find(facts_.role);
    if (role != nullptr && !access_token_.empty()) {
        auto groups = policy::groups_in_doubt(*role, make_person(rules));
        if (!groups.empty()) {
            state_ = State::looking_up;
            lookup_ = std::make_unique<oidc::GroupLookup>(
                party_->provider.graph_host, std::move(access_token_), std::move(groups),
                correlation_, facts_.deadline);
            return follow_lookup(lookup_->start());
        }
    }
    access_token_.wipe();
    state_ = State::deciding;
    return on_rules(rules);
}

Actions Session::on_rules(const Rules &rules)
{
    if (state_ != State::deciding)
        return {};
    const policy::Ask ask{facts_.role,
                          facts_.asked,
                          facts_.reason ? std::string_view{*facts_.reason} : std::string_view{},
                          false,
                          {facts_.origin.tty, facts_.rhost}};
    const auto decision =
        policy::decide(rules.policy, ask, make_person(rules), rules.host, {}, rules.now);
    if (decision.is_refused())
        return close(decision.refusal == policy::Refusal::unknown_role ? ipc::Cause::policy_changed
                                                                       : ipc::Cause::refused,
                     policy::explain(decision, facts_.role, facts_.user),
                     policy::name_of(decision.refusal));
    // Nobody has signed in, and by the policy of now somebody must.
    if (decision.needs_sign_in)
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    // The policy may have become narrower while the person signed in, never wider for this request.
    facts_.duration = std::min(facts_.duration, decision.duration);
    facts_.groups = decision.role->groups;

    AuditRecord approved = make_record(
        Event::approved, facts_.is_unattended
                             ? "role " + facts_.role + " needs nobody's approval"
                             : facts_.user + "'s own sign-in approves role " + facts_.role);
    approved.approver_oid = signed_in_oid_;
    if (facts_.is_unattended)
        approved.rule = rule_unattended;
    state_ = State::granting;
    return list(AskGrant{std::move(approved)});
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
    if (facts_.is_unattended)
        granted.rule = rule_unattended;
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
            cancelled_ =
                std::make_unique<std::pair<ipc::Cause, std::string>>(cause, std::move(message));
        return {};
    }
    return close(cause, std::move(message));
}

} // namespace jit::daemon
