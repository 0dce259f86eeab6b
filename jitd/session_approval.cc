// The part of a request's life in which others say yes or no.
#include "jitd/session.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/base/text.h"

namespace jit::daemon {

using policy::Approval;

Session::Session(KeptRequest kept)
    : facts_(std::move(kept.facts)), awaited_(std::make_unique<Awaited>(std::move(kept.awaited)))
{
    signer_.fill() = {std::move(kept.signed_in_oid), std::move(kept.person),
                      std::move(kept.correlation)};
    if (kept.claims)
        claims_ = std::make_unique<oidc::Claims>(*std::move(kept.claims));
}

KeptRequest Session::keep() const
{
    KeptRequest kept;
    kept.facts = facts_;
    if (claims_)
        kept.claims = *claims_;
    kept.signed_in_oid = signer_->oid;
    kept.person = signer_->person;
    kept.correlation = correlation();
    kept.awaited = awaited_ ? *awaited_ : Awaited{};
    return kept;
}

AuditRecord Session::make_plea() const
{
    AuditRecord plea =
        make_record(Event::requested,
                    who() + (facts_.extends.empty() ? " asks for role " : " asks to keep role ") +
                        facts_.role + ", is signed in, and waits for approval");
    plea.needs_approval = true;
    return plea;
}

Actions Session::resume(BootTime now)
{
    if (state_ != State::idle || !awaited_)
        return {};
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::not_approved});
    // What was seen in Entra then is looked for anew.
    if (facts_.mode == Approval::Mode::watch) {
        awaited_->is_met = false;
        awaited_->activation.clear();
        awaited_->until.reset();
    }
    // What others said was enough, or was not: the rules of now are asked, and they know.
    state_ = awaited_->is_met ? State::deciding : State::approving;
    return awaited_->is_met ? list(WakeAt{facts_.deadline}, AskRules{})
                            : list(WakeAt{facts_.deadline});
}

bool Session::is_extended_over(const Rules &rules) const
{
    return facts_.extended_end &&
           (rules.boot >= facts_.extended_end->boot || rules.now >= facts_.extended_end->wall);
}

std::optional<Actions> Session::await(const policy::Role &role, const Rules &rules)
{
    // Who was asked by another rule is not who has to be asked now; less than he gave is enough.
    const bool needs_less =
        facts_.mode == Approval::Mode::self && role.approval.mode == Approval::Mode::none;
    if (!needs_less &&
        (role.approval.mode != facts_.mode || role.approval.pim_group != facts_.entra->group))
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    // Nobody is asked, and nothing is activated, for what can't go on any more.
    if (is_extended_over(rules))
        return close(ipc::Cause::expired, std::string{words::grant_over});
    if (facts_.mode == Approval::Mode::self || facts_.mode == Approval::Mode::none)
        return std::nullopt;
    if (!awaited_) {
        awaited_ = std::make_unique<Awaited>();
        if (facts_.mode == Approval::Mode::watch && role.approval.bind == Approval::Bind::token)
            awaited_->watch_token = facts_.entra->watch_token;
        state_ = State::approving;
        // Each step has its own time.
        const Now now{rules.now, rules.boot};
        facts_.deadline = now.boot + role.approval.timeout;
        facts_.deadline_wall = now.wall + role.approval.timeout;
        bound_by_extended(facts_);
        Actions actions = facts_.mode == Approval::Mode::pim ? activate(now) : Actions{};
        return join(list(Await{}, WakeAt{facts_.deadline}), std::move(actions));
    }
    // However late it is heard of what others said, or did in Entra.
    if (rules.boot >= facts_.deadline)
        return close(ipc::Cause::timed_out,
                     std::string{is_claimed_                            ? words::not_claimed
                                 : facts_.mode == Approval::Mode::watch ? words::not_activated
                                                                        : words::not_approved});
    // What was not bound to this request is not what the policy of now wants.
    if (facts_.mode == Approval::Mode::watch && role.approval.bind == Approval::Bind::token &&
        awaited_->watch_token.empty())
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    // Nothing lasts longer than what it stands on.
    if (awaited_->until) {
        facts_.duration = std::min(facts_.duration, *awaited_->until - rules.now);
        if (facts_.duration <= std::chrono::seconds{0})
            return close(ipc::Cause::expired, std::string{words::activation_over});
    }
    if (facts_.mode != Approval::Mode::approver)
        return std::nullopt;
    // By the policy of now: it may have taken away who approved.
    if (count_given(role) < role.approval.quorum)
        return close(ipc::Cause::policy_changed, std::string{words::no_approvers_left},
                     "approvers-gone");
    return std::nullopt;
}

std::size_t Session::count_given(const policy::Role &role)
{
    const auto counted = find_approvers(role, facts_.oid, awaited_->given);
    awaited_->counted = name_approvers(counted);
    return counted.size();
}

Actions Session::on_approval(GivenApproval given, const Rules &rules)
{
    if (state_ != State::approving || facts_.mode != Approval::Mode::approver)
        return {};
    if (rules.boot >= facts_.deadline)
        return close(ipc::Cause::timed_out, std::string{words::not_approved});
    const policy::Role *const role = rules.policy.find(facts_.role);
    if (role == nullptr || role->approval.mode != Approval::Mode::approver)
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    auto &known = awaited_->given;
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const GivenApproval &one) { return one.oid == given.oid; });
    AuditRecord approved = make_record(Event::approved, {});
    approved.approver_oid = given.oid;
    const std::string by = given.user;
    if (same != known.end())
        *same = std::move(given);
    else if (known.size() < limits::approvals_of_one_request)
        known.push_back(std::move(given));
    const std::size_t count = count_given(*role);
    approved.message = by + "'s own sign-in approves role " + facts_.role + " for " + who() + ", " +
                       std::to_string(count) + " of " + std::to_string(role->approval.quorum);
    awaited_->is_met = count >= role->approval.quorum;
    if (!awaited_->is_met)
        return list(Await{std::move(approved)});
    state_ = State::deciding;
    return list(Await{std::move(approved)}, AskRules{});
}

// The requester's activation in Entra has come, or was there.
Actions Session::meet(std::string_view activation, WallTime until, std::string message)
{
    AuditRecord approved = make_record(Event::approved, std::move(message));
    approved.approver_oid = facts_.oid;
    awaited_->activation = to_lower(activation);
    awaited_->until = until;
    awaited_->is_met = true;
    state_ = State::deciding;
    return list(Await{std::move(approved)}, AskRules{});
}

Actions Session::on_activation(std::string_view activation, WallTime until)
{
    if (state_ != State::approving || facts_.mode != Approval::Mode::watch)
        return {};
    return meet(activation, until,
                who() + "'s activation of " + facts_.entra->group + " in Entra approves role " +
                    facts_.role);
}

Actions Session::on_denial(const GivenApproval &by, const std::string &reason)
{
    if (state_ != State::approving)
        return {};
    Actions actions = close(ipc::Cause::declined, words::denied_by(by.user, reason));
    for (Action &action : actions)
        if (auto *write = std::get_if<WriteRecord>(&action))
            write->record.approver_oid = by.oid;
    return actions;
}

Actions Session::on_new_policy(const Rules &rules)
{
    const policy::Role *const role = rules.policy.find(facts_.role);
    if (state_ != State::approving)
        return {};
    if (role == nullptr || role->approval.mode != facts_.mode)
        return close(ipc::Cause::policy_changed, std::string{words::config_changed});
    // It may ask for fewer of them than have approved, or let one count whom the last one did not.
    if (facts_.mode != Approval::Mode::approver || rules.boot >= facts_.deadline ||
        count_given(*role) < role->approval.quorum)
        return {};
    awaited_->is_met = true;
    state_ = State::deciding;
    return list(AskRules{});
}

Actions Session::on_await_failed()
{
    if (state_ != State::approving && state_ != State::deciding)
        return {};
    return close(ipc::Cause::failed, std::string{words::no_ledger});
}

// Absent where each approval has a record of its own.
std::optional<AuditRecord> Session::make_approved() const
{
    if (awaited_)
        return std::nullopt;
    AuditRecord approved = make_record(
        Event::approved, facts_.is_unattended ? "role " + facts_.role + " needs nobody's approval"
                         : facts_.is_shared
                             ? "the sign-in of " + who() + " approves role " + facts_.role
                             : facts_.user + "'s own sign-in approves role " + facts_.role);
    approved.approver_oid = signer_->oid;
    if (facts_.is_unattended)
        approved.rule = rule_unattended;
    return approved;
}

std::string Session::approvers() const
{
    if (!awaited_)
        return signer_->oid;
    return facts_.mode == Approval::Mode::approver ? awaited_->counted : facts_.oid;
}

} // namespace jit::daemon
