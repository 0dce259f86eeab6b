// Who has signed in: the token judged, the person recognized, and his groups looked up where the
// token leaves them out.
#include <algorithm>

#include "jitd/records.h"
#include "jitd/session_actions.h"
#include "jitd/words.h"
#include "lib/base/text.h"

namespace jit::daemon {

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
    if (facts_.is_shared)
        person_ = name_person(claims_->oid, rules.config);
    Actions actions = list(WriteRecord{
        make_record(Event::signed_in, "a sign-in for " + who() + ", role " + facts_.role)});
    return join(std::move(actions), recognize(rules));
}

// Whether who signed in is the person of the requester.
Actions Session::recognize(const Rules &rules)
{
    // Whether it is a requester, the rules say.
    if (facts_.is_shared && facts_.oid.empty()) {
        facts_.oid = claims_->oid;
        return look_up_or_decide(rules);
    }
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

} // namespace jit::daemon
