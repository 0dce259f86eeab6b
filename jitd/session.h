// One request's life, as a pure state machine: it is told what happened and when, and says what to
// do. It reads no clock, opens nothing and knows no socket.
//
//                 start
//                   │
//                   ├──> trying ──── the root helper would grant nothing now ──────┐
//                   v        │         (only where the role has limits)            │
//                   ├<───────┘                                                     │
//                   ├──> deciding: where nobody has to sign in                     │
//                   v                                                              │
//              signing_in ───── whatever ends a sign-in: sign_in.h ────────────────┤
//                   │ the right person                                             │
//                   v                                                              v
//               deciding ────── the policy says no ───────────────────────────> closed
//                   │ ^  │ where others approve                                  ^ ^
//                   │ │  v                                                       │ │
//                   │ approving ──── denied, not approved in time ───────────────┘ │
//                   │    │           (pim: back to signing_in, once, for more proof) │
//                   │    ^  │ only where a login is waited for                     │
//                   │    │  v                                                      │
//                   │    held ──── nobody came for it ─────────────────────────────┤
//                   │ the policy still says yes                                    │
//                   v                                                              │
//               granting ────── the root helper refuses, is away ──────────────────┤
//                   │ on_granted                                                   │
//                   v                                                              │
//               recording ───── the ledger can't be written ───────────────────────┤
//                   │ on_recorded                                                  │
//                   └──────────────────────────────────────────────────────────────┘
//
// cancel() closes it from every state but the last two. While granting, the helper may already have
// acted, so the session waits for its answer and has the grant taken back; once it is being
// recorded it stands, unless the ledger fails: then it is taken back as well. The deadline works as
// a cancel does, with another cause; in granting the person has signed in already, and it is over.
// Nothing else leads back: a closed session says nothing more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "jitd/actions.h"
#include "jitd/kept_request.h"
#include "jitd/request_facts.h"
#include "jitd/rules.h"
#include "jitd/sign_in.h"
#include "jitd/signing_in.h"
#include "lib/oidc/pim_activation.h"

namespace jit::daemon {

class Session final : public SigningIn
{
  public:
    explicit Session(RequestFacts facts) : facts_(std::move(facts)) {}
    // One that waited for others when jitd was stopped: resume() goes on.
    explicit Session(KeptRequest kept);

    Actions start();
    //   duration  what would be granted now
    Actions on_tried(std::chrono::seconds duration);
    Actions on_trial_failed(ipc::Cause cause, std::string message);
    Actions on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                     BootTime now) override;
    Actions on_provider_failed(oidc::Failure failure, std::string_view why) override;
    void note_clocks(Now now) override;
    Actions on_reply(const oidc::HttpReply &reply, BootTime now) override;
    Actions on_time(BootTime now) override;
    Actions hurry(BootTime now) override;
    Actions on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now) override;
    Actions on_pinned(bool is_kept, const Rules &rules) override;
    Actions on_rules(const Rules &rules) override;
    // While others approve (is_approving()). One has, by his own sign-in: it is enough, or is kept.
    Actions on_approval(GivenApproval given, const Rules &rules);
    // Mode watch: what counts for this request was seen in Entra, which calls it so.
    Actions on_activation(std::string_view activation, WallTime until);
    // One of them says no, and why.
    Actions on_denial(const GivenApproval &by, const std::string &reason);
    // The policy is another: what nobody can approve by it any more ends, and what enough have
    // approved by it goes on.
    Actions on_new_policy(const Rules &rules);
    // The grant that it is to extend ends then.
    void note_extended(Now end) { facts_.extended_end = end; }
    // What was to be kept could not be.
    Actions on_await_failed();
    // Goes on after a restart: from KeptRequest, in the place of start().
    Actions resume(BootTime now);
    // Somebody has come for what is held.
    Actions claim();
    Actions on_granted(WallTime since, WallTime until, std::vector<std::string> groups);
    Actions on_recorded(bool is_recorded);
    Actions on_grant_failed(ipc::Cause cause, std::string message);
    Actions cancel(ipc::Cause cause, std::string message) override;

    const RequestFacts &facts() const { return facts_; }
    const std::string &user() const override { return facts_.user; }
    bool has_local_groups() const override { return true; }
    bool is_closed() const override { return state_ == State::closed; }
    bool is_granting() const { return state_ == State::granting; }
    // It waits for a login, or one has come and it is being granted.
    bool is_approved() const
    {
        return state_ == State::held || (is_claimed_ && state_ != State::closed);
    }
    bool is_claimed() const { return is_claimed_; }
    bool is_approving() const { return state_ == State::approving; }
    // What others have to say and have said; null: nobody else is asked.
    const Awaited *awaited() const { return awaited_.get(); }
    // Mode pim: what is waited for in Entra, for people; empty: nothing is known.
    const std::string &waits_for() const { return in_entra_->waits_for; }
    // Mode pim, after the end: the activation that is still being asked for, to be taken back;
    // null: there is none. And as whom Entra is asked about the one that came; null: as nobody, or
    // the request has ended without a grant and the activation was not made for it.
    std::unique_ptr<oidc::PimActivation> take_activation()
    {
        return in_entra_.is_filled() ? std::move(in_entra_.fill().activation) : nullptr;
    }
    std::unique_ptr<oidc::PimWho> take_activator()
    {
        return in_entra_.is_filled() ? std::move(in_entra_.fill().activator) : nullptr;
    }
    // Mode pim, of two that are not over: this one waits for the same in Entra as the other, or has
    // it.
    bool shares_activation(const Session &other) const;
    // The other is over: what was asked for in Entra is this one's to take back from now on.
    void inherit_activation();
    // Whether the activation ran before this asked for it.
    bool was_active() const { return in_entra_->was_active; }
    // As others are told of it who have to approve it.
    AuditRecord make_plea() const;
    // As the ledger keeps it while others are waited for; without boot and provider.
    KeptRequest keep() const;
    // Nobody may join: it is closed, or will be when the helper has answered.
    bool is_leaving() const { return is_closed() || cancelled_; }
    // The code that stands to be shown to one who joins; absent before and after.
    const std::optional<ShowCode> &code() const;
    WallTime since() const { return since_; }
    WallTime until() const { return until_; }

  private:
    enum class State {
        idle,
        trying,
        signing_in,
        deciding,
        approving,
        held,
        granting,
        recording,
        closed
    };

    // Who has signed in, and what Entra's logs call it, once it is over.
    struct Signer {
        std::string oid;
        std::string person; // as a shared account: who it is, for people
        std::string correlation;
    };
    // Mode pim.
    struct InEntra {
        std::unique_ptr<oidc::PimActivation> activation; // while Entra is asked
        std::unique_ptr<oidc::PimWho> activator;
        std::string waits_for;
        bool was_active = false; // before it was asked for
        bool is_heir = false;    // of what another request had asked for in Entra
    };

    Actions begin();
    void end_sign_in();
    const std::string &correlation() const
    {
        return sign_in_ ? sign_in_->correlation() : signer_->correlation;
    }
    bool asks_entra() const { return state_ == State::approving && in_entra_->activation; }
    // What a sign-in wants, with its records filled in; its end is the session's, where it failed.
    Actions follow(SignInMove move);
    Actions after_known(SignInMove move, const Rules &rules);
    Actions after_sign_in(SignInMove move);
    Actions look_up_or_decide(const Rules &rules);
    policy::Person make_person(const Rules &rules) const;
    // What the rules and who has signed in are for a role; else it is closed.
    std::variant<policy::Decision, Actions> decide(const Rules &rules);
    // Waits for others, unless they have said yes already; absent: they have, or nobody has to.
    std::optional<Actions> await(const policy::Role &role, const Rules &rules);
    bool is_extended_over(const Rules &rules) const;
    // How many of those who have approved count; and notes who they are.
    std::size_t count_given(const policy::Role &role);
    Actions meet(std::string_view activation, WallTime until, std::string message);
    Actions activate(Now now);
    Actions follow_activation(oidc::PimStep step);
    Actions on_active(const oidc::PimActive &active);
    Now clocks_at(BootTime now) const;
    std::optional<AuditRecord> make_approved() const;
    std::string approvers() const;
    // For records: the user; as a shared account, who has signed in and as what.
    std::string who() const;
    Actions close(ipc::Cause cause, std::string message, std::string_view rule = {});
    AuditRecord make_record(Event event, std::string message) const;
    std::string say(Event event) const;

    RequestFacts facts_;
    State state_ = State::idle;
    bool is_claimed_ = false;
    // Thousands may wait for a sign-in: each of these has its memory only while there is something
    // to keep in it.
    std::unique_ptr<SignIn> sign_in_;
    Rare<Signer> signer_;
    std::unique_ptr<oidc::Claims> claims_;
    std::unique_ptr<Awaited> awaited_;
    Rare<InEntra> in_entra_;
    std::unique_ptr<std::pair<ipc::Cause, std::string>> cancelled_; // while granting
    WallTime since_{};
    WallTime until_{};
};

} // namespace jit::daemon
