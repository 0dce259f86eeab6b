#include "jitd/approval.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/people.h"
#include "jitd/records.h"
#include "jitd/words.h"
#include "policy/approving.h"
#include "policy/same_id.h"

namespace jit::daemon {

std::string Approval::who() const
{
    return facts_.user.empty() ? "somebody who was sent the code" : facts_.user;
}

std::string Approval::what() const
{
    return (facts_.verb == ApprovalFacts::Verb::approve ? "to approve request "
                                                        : "to deny request ") +
           facts_.id + " of " + facts_.requester + " for role " + facts_.role;
}

AuditRecord Approval::make_record(Event event, std::string message) const
{
    AuditRecord record;
    record.event = event;
    record.message = std::move(message);
    record.request = facts_.id;
    record.role = facts_.role;
    record.user = facts_.requester;
    record.uid = facts_.requester_uid;
    record.oid = facts_.requester_oid;
    record.approver_oid = signed_in_oid_;
    record.tty = facts_.tty;
    record.correlation = correlation_;
    return record;
}

Actions Approval::close(std::optional<ipc::Cause> cause, std::string message, std::string_view rule)
{
    // What came of what was said, the request's own records tell.
    const bool is_said = state_ == State::saying;
    state_ = State::closed;
    sign_in_.reset();
    Actions actions;
    if (!is_said && cause && *cause != ipc::Cause::cancelled && *cause != ipc::Cause::timed_out) {
        AuditRecord refused =
            make_record(Event::refused, who() + " did not get " + what() + ": " + message);
        // It is about him, where he is a user of this host, and counts for him.
        if (!facts_.user.empty()) {
            refused.user = facts_.user;
            refused.uid.reset();
            refused.oid = signed_in_oid_;
        }
        refused.rule = rule.empty() ? ipc::name_of(*cause) : rule;
        actions.emplace_back(WriteRecord{std::move(refused)});
    }
    actions.emplace_back(Close{cause, std::move(message), correlation_});
    return actions;
}

Actions Approval::start()
{
    last_ = facts_.began.boot;
    return state_ == State::idle ? begin() : Actions{};
}

// What is older than this code is no sign-in for it, however long the request has waited.
Actions Approval::begin()
{
    facts_.began.boot = last_;
    state_ = State::signing_in;
    sign_in_ =
        std::make_unique<SignIn>(WhoSigns{facts_.user, facts_.oid, facts_.upn, facts_.user.empty(),
                                          Purpose::approval, facts_.deadline, facts_.began.boot},
                                 Demands{facts_.auth_context, {}});
    return join(list(WakeAt{facts_.deadline}), follow(sign_in_->begin()));
}

Actions Approval::follow(SignInMove move)
{
    correlation_ = sign_in_->correlation();
    signed_in_oid_ = sign_in_->signed_in_oid();
    for (Action &action : move.actions)
        if (auto *write = std::get_if<WriteRecord>(&action)) {
            AuditRecord &record = write->record;
            std::string message = std::move(record.message);
            if (record.event == Event::signed_in)
                message = "a sign-in of " + who() + " " + what();
            else if (record.event == Event::code_issued)
                message = "a code " + what() + " was shown to " + who();
            const std::string_view rule = record.rule;
            record = make_record(record.event, std::move(message));
            record.rule = rule;
        }
    if (move.stage != SignInMove::Stage::failed)
        return std::move(move.actions);
    // The request may wait longer than a code lives. One that is over at once is no reason to ask
    // for codes, each with its record, every second.
    if (move.cause == ipc::Cause::expired) {
        sign_in_.reset();
        again_ = facts_.began.boot + limits::code_again;
        return join(std::move(move.actions),
                    last_ >= again_ ? begin() : list(WakeAt{std::min(again_, facts_.deadline)}));
    }
    return join(std::move(move.actions), close(move.cause, std::move(move.message), move.rule));
}

Actions Approval::on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                           BootTime now)
{
    last_ = now;
    return sign_in_ ? follow(sign_in_->on_party(std::move(party), std::move(flow_id), now))
                    : Actions{};
}

Actions Approval::on_provider_failed(oidc::Failure failure, std::string_view why)
{
    return sign_in_ ? follow(sign_in_->on_provider_failed(failure, why)) : Actions{};
}

Actions Approval::on_reply(const oidc::HttpReply &reply, BootTime now)
{
    last_ = now;
    return sign_in_ ? after_sign_in(sign_in_->on_reply(reply, now)) : Actions{};
}

Actions Approval::on_time(BootTime now)
{
    if (state_ == State::closed || state_ == State::saying)
        return {};
    last_ = now;
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::request_over});
    if (sign_in_)
        return after_sign_in(sign_in_->on_time(now));
    if (state_ == State::signing_in)
        return now >= again_ ? begin() : list(WakeAt{std::min(again_, facts_.deadline)});
    return list(WakeAt{facts_.deadline});
}

Actions Approval::hurry(BootTime now)
{
    last_ = now;
    return sign_in_ && now < facts_.deadline ? follow(sign_in_->hurry(now)) : Actions{};
}

Actions Approval::on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now)
{
    return sign_in_ ? after_known(sign_in_->on_keys(keys, rules, now), rules) : Actions{};
}

Actions Approval::on_pinned(bool is_kept, const Rules &rules)
{
    return sign_in_ ? after_known(sign_in_->on_pinned(is_kept, rules), rules) : Actions{};
}

policy::Person Approval::make_person() const
{
    policy::Person person;
    person.user = facts_.user;
    person.oid = facts_.oid;
    person.signed_in = true;
    person.groups = claims_->groups;
    person.group_overage = claims_->group_overage;
    person.is_guest = claims_->is_guest;
    return person;
}

Actions Approval::after_known(SignInMove move, const Rules &rules)
{
    const bool is_known = move.stage == SignInMove::Stage::known;
    Actions actions = follow(std::move(move));
    if (!is_known)
        return actions;
    facts_.oid = sign_in_->oid();
    claims_ = sign_in_->take_claims();
    now_ = rules.now;
    const policy::Role *const role = rules.policy.find(facts_.role);
    if (role != nullptr && sign_in_->can_look_up()) {
        auto groups = policy::approver_groups_in_doubt(*role, make_person());
        if (!groups.empty())
            return join(std::move(actions), after_sign_in(sign_in_->look_up(std::move(groups))));
    }
    sign_in_.reset();
    state_ = State::judging;
    return join(std::move(actions), on_rules(rules));
}

Actions Approval::after_sign_in(SignInMove move)
{
    const bool is_over = move.stage == SignInMove::Stage::looked_up;
    Actions actions = follow(std::move(move));
    if (!is_over)
        return actions;
    claims_->groups = sign_in_->take_groups();
    claims_->group_overage = false;
    sign_in_.reset();
    state_ = State::judging;
    return join(std::move(actions), list(AskRules{}));
}

Actions Approval::on_rules(const Rules &rules)
{
    if (state_ != State::judging)
        return {};
    const policy::Role *const role = rules.policy.find(facts_.role);
    if (role == nullptr)
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    // At a terminal he is who its user is, and that may be another by now.
    if (!facts_.user.empty() && !is_person_of(facts_.oid, facts_.user, rules))
        return close(ipc::Cause::policy_changed, std::string{words::person_changed},
                     "person-changed");
    const policy::Person person = make_person();
    const std::string name =
        facts_.user.empty() ? name_person(facts_.oid, rules.config) : facts_.user;
    if (person.is_guest && !role->conditions.guests)
        return close(ipc::Cause::refused, words::guest_approver(name), "guest");
    // Whatever the local names are: who asks does not approve.
    const auto standing = policy::approver_standing(*role, facts_.requester_oid, person);
    if (standing == policy::ApproverStanding::requester)
        return close(ipc::Cause::refused, std::string{words::own_approval}, rule_own_request);
    if (standing != policy::ApproverStanding::approver)
        return close(ipc::Cause::refused,
                     words::no_approver(name, facts_.role, person.group_overage),
                     rule_not_approver);
    // Whoever steps up for the role does so to approve it, too: by the policy of now and of when
    // the code was asked for.
    for (const std::string &context : {role->conditions.auth_context, facts_.auth_context})
        if (!context.empty() && std::find(claims_->contexts.begin(), claims_->contexts.end(),
                                          context) == claims_->contexts.end())
            return close(ipc::Cause::refused, words::no_step_up(name, context), "no-context");
    const auto &age = role->conditions.auth_age;
    if (age && !is_fresh(*age, rules))
        return close(ipc::Cause::refused, words::stale_approver(name), "stale-sign-in");
    GivenApproval by;
    by.oid = facts_.oid;
    by.user = name;
    by.at = now_;
    if (person.groups)
        for (const policy::Approver &one : role->approval.approvers)
            if (one.kind == policy::Approver::Kind::group &&
                std::any_of(
                    person.groups->begin(), person.groups->end(),
                    [&](const std::string &id) { return policy::is_same_id(id, one.value); }))
                by.groups.push_back(one.value);
    state_ = State::saying;
    return list(Say{std::move(by)});
}

// As the requester's is judged: session_person.cc.
bool Approval::is_fresh(std::chrono::seconds age, const Rules &rules) const
{
    return claims_->authenticated_at && wall_of(facts_.began.boot, rules) -
                                                *claims_->authenticated_at - oidc::max_backdating -
                                                std::min(rules.skew, oidc::max_skew) <=
                                            age;
}

Actions Approval::on_said(std::optional<ipc::Cause> cause, std::string message)
{
    return state_ == State::saying ? close(cause, std::move(message)) : Actions{};
}

Actions Approval::cancel(ipc::Cause cause, std::string message)
{
    return state_ == State::closed ? Actions{} : close(cause, std::move(message));
}

} // namespace jit::daemon
