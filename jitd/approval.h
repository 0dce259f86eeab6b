// What one approver says to one request, as a pure state machine: by his own sign-in, for this
// request alone. Like Session it is told what happened and when, and says what to do.
//
//     start() ──> signing in (sign_in.h) ── whatever ends one ────────────────────┐
//                     ^  │                                                        │
//     the code ran out│  │ his person                                             │
//                     └──┤                                                        v
//                        └──> judging ── not among the role's approvers ──────> closed
//                                 │                                               ^
//                                 └──> Say ── on_said() ──────────────────────────┘
//
// A stranger's sign-in, and one that fails, changes nothing of the request.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "jitd/actions.h"
#include "jitd/rules.h"
#include "jitd/sign_in.h"
#include "jitd/signing_in.h"

namespace jit::daemon {

struct ApprovalFacts {
    enum class Verb {
        approve,
        deny
    };
    Verb verb = Verb::approve;
    std::string reason; // of a denial
    // The request, whose records these are.
    std::string id;
    std::string role;
    std::string requester;
    uid_t requester_uid = 0;
    std::string requester_oid;
    // The approver: a user of this host, whose person it has to be. Empty: whoever signs in, where
    // a notice has carried the code to somebody.
    std::string user;
    std::string oid; // by map or pin; empty: found by upn
    std::string upn;
    std::string tty;
    std::string auth_context; // what the role demands of a sign-in
    Now began{};
    BootTime deadline{}; // the request's
};

class Approval final : public SigningIn
{
  public:
    explicit Approval(ApprovalFacts facts) : facts_(std::move(facts)) {}

    Actions start();
    Actions on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                     BootTime now) override;
    Actions on_provider_failed(oidc::Failure failure, std::string_view why) override;
    Actions on_reply(const oidc::HttpReply &reply, BootTime now) override;
    Actions on_time(BootTime now) override;
    Actions hurry(BootTime now) override;
    Actions on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now) override;
    Actions on_pinned(bool is_kept, const Rules &rules) override;
    Actions on_rules(const Rules &rules) override;
    // It has been said. done: what has come of it, for the approver; else why it could not be.
    Actions on_said(std::optional<ipc::Cause> cause, std::string message);
    Actions cancel(ipc::Cause cause, std::string message) override;

    const ApprovalFacts &facts() const { return facts_; }
    const std::string &user() const override { return facts_.user; }
    bool has_local_groups() const override { return false; } // they approve nothing
    bool is_closed() const override { return state_ == State::closed; }
    bool is_saying() const { return state_ == State::saying; }

  private:
    enum class State {
        idle,
        signing_in,
        judging,
        saying,
        closed
    };

    Actions begin();
    Actions follow(SignInMove move);
    Actions after_known(SignInMove move, const Rules &rules);
    Actions after_sign_in(SignInMove move);
    Actions close(std::optional<ipc::Cause> cause, std::string message, std::string_view rule = {});
    AuditRecord make_record(Event event, std::string message) const;
    std::string who() const;
    std::string what() const; // "to approve request ID"
    policy::Person make_person() const;
    bool is_fresh(std::chrono::seconds age, const Rules &rules) const;

    ApprovalFacts facts_;
    State state_ = State::idle;
    std::unique_ptr<SignIn> sign_in_;
    std::unique_ptr<oidc::Claims> claims_;
    std::string signed_in_oid_;
    std::string correlation_;
    WallTime now_{};   // of the sign-in
    BootTime last_{};  // when something happened last
    BootTime again_{}; // when another code may be asked for; while there is no sign-in
};

} // namespace jit::daemon
