#include "jitd/sign_in.h"

#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/oidc/claims_request.h"

namespace jit::daemon {

namespace {

SignInMove going(Actions actions = {})
{
    return {SignInMove::Stage::going, std::move(actions), {}, {}, {}};
}

} // namespace

SignIn::SignIn(WhoSigns who, Demands demands) : who_(std::move(who))
{
    if (!demands.auth_context.empty() || !demands.claims.empty())
        demands_ = std::make_unique<Demands>(std::move(demands));
}

WriteRecord SignIn::make_record(Event event, std::string message)
{
    WriteRecord made;
    made.record.event = event;
    made.record.message = std::move(message);
    return made;
}

SignInMove SignIn::fail(ipc::Cause cause, std::string message, std::string_view rule)
{
    state_ = State::over;
    code_.reset();
    end_flow();
    if (proof_) {
        proof_->lookup.reset();
        proof_->id_token.wipe();
        proof_->access_token.wipe();
    }
    return {SignInMove::Stage::failed, {}, cause, std::move(message), rule};
}

SignInMove SignIn::begin()
{
    if (state_ != State::idle)
        return {};
    state_ = State::finding_party;
    return going(list(FindParty{who_.purpose}));
}

SignInMove SignIn::demand(std::string claims, BootTime deadline)
{
    if (state_ != State::known && state_ != State::looking_up && state_ != State::over)
        return {};
    // Once: who is not satisfied by what was demanded would demand it for ever.
    if (has_demanded() || claims.empty())
        return fail(ipc::Cause::blocked, words::explain(oidc::Failure::blocked, "", correlation_));
    who_.deadline = deadline;
    return sign_in_again(std::move(claims));
}

SignInMove SignIn::sign_in_again(std::string challenge)
{
    if (!demands_)
        demands_ = std::make_unique<Demands>();
    demands_->challenge = std::move(challenge);
    proof_.reset();
    state_ = State::finding_party;
    return going(list(WakeAt{who_.deadline}, FindParty{who_.purpose}));
}

SignInMove SignIn::on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                            BootTime now)
{
    if (state_ != State::finding_party)
        return {};
    if (now >= who_.deadline)
        return fail(ipc::Cause::timed_out, std::string{words::timed_out});
    state_ = State::signing_in;
    party_ = std::move(party);
    std::string claims;
    if (demands_)
        claims = has_demanded() ? demands_->challenge : demands_->claims;
    // A token for PIM says each time that we understand challenges.
    if (who_.purpose == Purpose::activation)
        claims = oidc::add_client_capability(claims.empty() ? "{}" : claims);
    const oidc::Jitter jitter{flow_id}; // chance, and of this flow alone
    flow_.emplace(party_, std::move(flow_id),
                  oidc::make_claims_request(demands_ ? demands_->auth_context : "", claims),
                  who_.deadline, jitter);
    return follow(flow_->start());
}

SignInMove SignIn::on_provider_failed(oidc::Failure failure, std::string_view why)
{
    if (state_ != State::finding_party && state_ != State::judging)
        return {};
    return fail(words::cause_of(failure), words::explain(failure, why, {}));
}

SignInMove SignIn::follow(oidc::Step step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return going(list(SendHttp{std::move(send->request)}));
    if (auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return going(list(WakeAt{wait->at}));
    if (auto *show = std::get_if<oidc::ShowCode>(&step)) {
        code_ = ShowCode{show->uri, show->user_code, show->expires, has_demanded()};
        return going(list(make_record(Event::code_issued), *code_, WakeAt{show->poll_at}));
    }
    return after_flow(std::move(std::get<oidc::Finished>(step)));
}

void SignIn::end_flow()
{
    if (flow_)
        correlation_ = flow_->request_id();
    flow_.reset();
}

SignInMove SignIn::after_flow(oidc::Finished finished)
{
    code_.reset();
    end_flow();
    if (!finished.correlation_id.empty())
        correlation_ = std::move(finished.correlation_id);
    if (finished.failure != oidc::Failure::none) {
        // Once, as above.
        if (!finished.demanded.empty() && !has_demanded())
            return sign_in_again(std::move(finished.demanded));
        return fail(words::cause_of(finished.failure),
                    words::explain(finished.failure, finished.advice, correlation_));
    }
    state_ = State::judging;
    proof_ = std::make_unique<Proof>();
    proof_->id_token = std::move(finished.id_token);
    proof_->access_token = std::move(finished.access_token);
    return going(list(WakeAt{who_.deadline}, FindKeys{}));
}

SignInMove SignIn::on_reply(const oidc::HttpReply &reply, BootTime now)
{
    if (state_ == State::looking_up)
        return follow_lookup(proof_->lookup->on_reply(reply, now));
    return state_ == State::signing_in ? follow(flow_->on_reply(reply, now)) : SignInMove{};
}

SignInMove SignIn::on_time(BootTime now)
{
    if (state_ == State::looking_up)
        return follow_lookup(proof_->lookup->on_time(now));
    return state_ == State::signing_in ? follow(flow_->on_time(now))
                                       : going(list(WakeAt{who_.deadline}));
}

SignInMove SignIn::hurry(BootTime now)
{
    return state_ == State::signing_in ? follow(flow_->hurry(now)) : SignInMove{};
}

SignInMove SignIn::on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now)
{
    if (state_ != State::judging)
        return {};
    auto judged = oidc::verify_id_token(proof_->id_token.reveal(), keys, party_->expected, now,
                                        wall_of(who_.began, rules), rules.skew);
    const auto refuse = [&](oidc::TokenFault fault) {
        return fail(ipc::Cause::not_trusted, words::explain(fault, correlation_),
                    oidc::name_of(fault));
    };
    if (const auto *fault = std::get_if<oidc::TokenFault>(&judged)) {
        // The provider may have changed its keys since they were fetched: once, they are fetched
        // again.
        if (*fault == oidc::TokenFault::unknown_key && !std::exchange(proof_->keys_refreshed, true))
            return going(list(FindKeys{true}));
        return refuse(*fault);
    }
    proof_->id_token.wipe();
    proof_->claims = std::make_unique<oidc::Claims>(std::get<oidc::Claims>(std::move(judged)));
    const oidc::Claims &claims = *proof_->claims;
    proof_->oid = safe_text(claims.oid, 255);
    if (!rules.seen.note(claims.uti, claims.expires_at + rules.skew, now))
        return refuse(oidc::TokenFault::replayed);
    SignInMove move = recognize(rules);
    move.actions = join(list(make_record(Event::signed_in)), std::move(move.actions));
    return move;
}

// Whether who signed in is the person of the user.
SignInMove SignIn::recognize(const Rules &rules)
{
    // Whether it is somebody who may, the rules say.
    if (who_.anybody && who_.oid.empty()) {
        who_.oid = proof_->claims->oid;
        return know();
    }
    if (!who_.upn.empty())
        return recognize_by_name(rules);
    if (who_.oid.empty() || proof_->claims->oid != who_.oid)
        return fail(ipc::Cause::wrong_person, words::wrong_person(who_.user, correlation_));
    return know();
}

// A name counts only where no id is known, and only for somebody whose account is of this tenant.
SignInMove SignIn::recognize_by_name(const Rules &rules)
{
    const oidc::Claims &claims = *proof_->claims;
    const bool has_name = claims.upn == who_.upn;
    if (rules.pin != nullptr && claims.oid == rules.pin->oid) {
        who_.oid = claims.oid;
        return use_pin(rules, *rules.pin);
    }
    if (!has_name)
        return fail(ipc::Cause::wrong_person, words::wrong_person(who_.user, correlation_));
    // By his name it would be he: the account behind it was replaced, or somebody took it.
    if (rules.pin != nullptr)
        return fail(ipc::Cause::wrong_person, words::other_oid(who_.user, correlation_),
                    rule_pin_mismatch);
    if (claims.is_guest)
        return fail(ipc::Cause::wrong_person, words::guest_by_name(who_.user, correlation_));
    who_.oid = claims.oid;
    state_ = State::pinning;
    // The record comes first: nobody is pinned without one.
    WriteRecord pinned = make_record(Event::config_changed, std::string{who_.user} +
                                                                " was found to be the person of " +
                                                                std::string{who_.upn});
    pinned.record.rule = "pin-first";
    // An approver's word goes to a request of another's, which does not know of his records; and
    // who waits for root is told that he is pinned.
    const bool may_wait = who_.purpose != Purpose::approval && !rules.pin_needs_confirmation;
    return going(list(
        std::move(pinned),
        KeepPin{{std::string{who_.user}, who_.oid, std::string{who_.upn}, {}, false}, may_wait}));
}

SignInMove SignIn::on_pinned(bool is_kept, const Rules &rules)
{
    if (state_ != State::pinning)
        return {};
    if (!is_kept)
        return fail(ipc::Cause::failed, std::string{words::no_ledger});
    return use_pin(rules, {});
}

SignInMove SignIn::use_pin(const Rules &rules, const Pin &pin)
{
    if (rules.pin_needs_confirmation && !pin.confirmed)
        return fail(ipc::Cause::refused, words::pin_waits(who_.user), "pin-unconfirmed");
    return know();
}

SignInMove SignIn::know()
{
    state_ = State::known;
    return {SignInMove::Stage::known, {}, {}, {}, {}};
}

SignInMove SignIn::look_up(std::vector<std::string> groups)
{
    if (state_ != State::known)
        return {};
    state_ = State::looking_up;
    proof_->lookup = std::make_unique<oidc::GroupLookup>(
        party_->provider.graph_host, SecretString{proof_->access_token.reveal()}, std::move(groups),
        correlation_, who_.deadline);
    return follow_lookup(proof_->lookup->start());
}

SignInMove SignIn::follow_lookup(oidc::LookupStep step)
{
    if (auto *send = std::get_if<oidc::SendRequest>(&step))
        return going(list(SendHttp{std::move(send->request)}));
    if (auto *wait = std::get_if<oidc::WaitUntil>(&step))
        return going(list(WakeAt{wait->at}));
    proof_->lookup.reset();
    if (auto *unknown = std::get_if<oidc::GroupsUnknown>(&step))
        return fail(words::cause_of(unknown->failure),
                    words::no_groups(unknown->advice, correlation_));
    proof_->groups = std::move(std::get<oidc::GroupsFound>(step).groups);
    state_ = State::over;
    return {SignInMove::Stage::looked_up, list(WakeAt{who_.deadline}), {}, {}, {}};
}

} // namespace jit::daemon
