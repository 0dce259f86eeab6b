// The requester's own sign-in within a request, and what is known of him after it.
#include <algorithm>

#include "jitd/records.h"
#include "jitd/session.h"
#include "jitd/words.h"

namespace jit::daemon {

const std::optional<ShowCode> &Session::code() const
{
    static const std::optional<ShowCode> none;
    return sign_in_ ? sign_in_->code() : none;
}

void Session::end_sign_in()
{
    if (sign_in_)
        signer_.fill().correlation = sign_in_->correlation();
    sign_in_.reset();
}

std::string Session::say(Event event) const
{
    if (event == Event::signed_in)
        return "a sign-in for " + who() + ", role " + facts_.role;
    const bool is_again = code() && code()->is_again;
    return std::string{is_again ? "another code, for more proof," : "a code"} + " for role " +
           facts_.role + " was shown to " + who();
}

Actions Session::follow(SignInMove move)
{
    if (const std::string_view oid = sign_in_->signed_in_oid(); !oid.empty())
        signer_.fill().oid = oid;
    for (Action &action : move.actions)
        if (auto *write = std::get_if<WriteRecord>(&action)) {
            AuditRecord &record = write->record;
            const std::string_view rule = record.rule;
            AuditRecord made =
                make_record(record.event,
                            record.message.empty() ? say(record.event) : std::move(record.message));
            made.rule = rule;
            record = std::move(made);
        }
    if (move.stage == SignInMove::Stage::failed)
        return join(std::move(move.actions), close(move.cause, std::move(move.message), move.rule));
    return std::move(move.actions);
}

Actions Session::on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                          BootTime now)
{
    return sign_in_ ? follow(sign_in_->on_party(std::move(party), std::move(flow_id), now))
                    : Actions{};
}

Actions Session::on_provider_failed(oidc::Failure failure, std::string_view why)
{
    return sign_in_ ? follow(sign_in_->on_provider_failed(failure, why)) : Actions{};
}

Actions Session::on_reply(const oidc::HttpReply &reply, BootTime now)
{
    if (asks_entra())
        return follow_activation(in_entra_.fill().activation->on_reply(reply, clocks_at(now)));
    return sign_in_ ? after_sign_in(sign_in_->on_reply(reply, now)) : Actions{};
}

Actions Session::on_time(BootTime now)
{
    if (state_ == State::closed || state_ == State::granting || state_ == State::recording)
        return {};
    // It knows the deadline, too, and what is left open in Entra.
    if (asks_entra())
        return follow_activation(in_entra_.fill().activation->on_time(clocks_at(now)));
    if (now >= facts_.deadline)
        return close(ipc::Cause::timed_out,
                     std::string{state_ == State::held        ? words::not_claimed
                                 : state_ != State::approving ? words::timed_out
                                 : facts_.mode == policy::Approval::Mode::watch
                                     ? words::not_activated
                                     : words::not_approved});
    return sign_in_ ? after_sign_in(sign_in_->on_time(now)) : list(WakeAt{facts_.deadline});
}

Actions Session::hurry(BootTime now)
{
    if (asks_entra())
        return follow_activation(in_entra_.fill().activation->hurry(clocks_at(now)));
    return sign_in_ && now < facts_.deadline ? follow(sign_in_->hurry(now)) : Actions{};
}

Actions Session::on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now)
{
    if (!sign_in_)
        return {};
    SignInMove move = sign_in_->on_keys(keys, rules, now);
    if (facts_.is_shared && !sign_in_->signed_in_oid().empty())
        signer_.fill().person = name_person(std::string{sign_in_->signed_in_oid()}, rules.config);
    return after_known(std::move(move), rules);
}

Actions Session::on_pinned(bool is_kept, const Rules &rules)
{
    return sign_in_ ? after_known(sign_in_->on_pinned(is_kept, rules), rules) : Actions{};
}

Actions Session::after_known(SignInMove move, const Rules &rules)
{
    const bool is_known = move.stage == SignInMove::Stage::known;
    facts_.oid = sign_in_->oid();
    Actions actions = follow(std::move(move));
    if (!is_known)
        return actions;
    return join(std::move(actions), look_up_or_decide(rules));
}

Actions Session::look_up_or_decide(const Rules &rules)
{
    claims_ = sign_in_->take_claims();
    const policy::Role *const role = rules.policy.find(facts_.role);
    if (role != nullptr && sign_in_->can_look_up()) {
        auto groups = policy::groups_in_doubt(*role, make_person(rules));
        if (!groups.empty())
            return after_sign_in(sign_in_->look_up(std::move(groups)));
    }
    if (facts_.mode != policy::Approval::Mode::pim)
        end_sign_in(); // else its token is what the group is activated with
    state_ = State::deciding;
    return on_rules(rules);
}

Actions Session::after_sign_in(SignInMove move)
{
    const bool is_over = move.stage == SignInMove::Stage::looked_up;
    Actions actions = follow(std::move(move));
    if (!is_over)
        return actions;
    // What was asked for is known now, and nothing else counts.
    claims_->groups = sign_in_->take_groups();
    claims_->group_overage = false;
    if (facts_.mode != policy::Approval::Mode::pim)
        end_sign_in();
    state_ = State::deciding;
    return join(std::move(actions), list(AskRules{}));
}

policy::Person Session::make_person(const Rules &rules) const
{
    policy::Person person;
    person.user = facts_.user;
    person.oid = facts_.oid;
    if (!facts_.is_shared)
        person.local_groups = rules.local_groups;
    // By the map, unless his name had to find him.
    person.is_vouched = facts_.is_shared
                            ? rules.config != nullptr && !rules.config->user_of(facts_.oid).empty()
                            : facts_.upn.empty() || (rules.pin != nullptr && rules.pin->confirmed);
    person.signed_in = claims_ != nullptr;
    if (!claims_)
        return person; // nobody signs in for this role
    person.groups = claims_->groups;
    person.group_overage = claims_->group_overage;
    person.app_roles = claims_->app_roles;
    person.is_guest = claims_->is_guest;
    person.contexts = claims_->contexts;
    if (claims_->authenticated_at)
        person.auth_age = wall_of(facts_.began.boot, rules) - *claims_->authenticated_at -
                          oidc::max_backdating - std::min(rules.skew, oidc::max_skew);
    return person;
}

} // namespace jit::daemon
