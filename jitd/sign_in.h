// One person's sign-in by the device flow, as a pure state machine: from the provider to a person
// who is known. Whose sign-in it is, and what comes of it, is its owner's affair: a request's
// (session.h) or an approval's (approval.h).
//
//     begin() ──> finding_party ────── unreachable, not trusted, misconfigured ──────┐
//                   │        ^ once: the provider demands more of the person         │
//                   v        │                                                       │
//              signing_in ───┴─── declined, expired, blocked, broken ────────────────┤
//                   │ ID token                                                       │
//                   v                                                                v
//               judging ───────── forged, used before, somebody else ────────────> failed
//                   │ the right person                                               ^
//                   ├──> pinning ── not found by name before, and can't be kept ─────┤
//                   v        │                                                       │
//                 known <────┘                                                       │
//                   │ look_up(), only where the token leaves groups out              │
//                   v                                                                │
//              looking_up ─────── Graph away, refuses, makes no sense ───────────────┘
//                   │
//                   └──> looked_up
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jitd/actions.h"
#include "jitd/rules.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/group_lookup.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/token.h"

namespace jit::daemon {

// Whose sign-in counts. The names are the owner's, who has them for as long as the sign-in lasts.
struct WhoSigns {
    std::string_view user; // whose person it has to be
    std::string oid;       // that person, by map or pin; empty: found by upn, or anybody
    std::string_view upn;  // whom it has to be where oid is empty, in lower case
    bool anybody = false;
    Purpose purpose = Purpose::request;
    BootTime deadline{};
    BootTime began{}; // what is older is no sign-in for this
};

// What is demanded of a sign-in besides, as make_claims_request() takes it; each may be empty.
struct Demands {
    std::string auth_context;   // by the role's conditions
    std::string claims;         // by what the token is for
    std::string challenge = {}; // by the provider, of a sign-in before; in the place of claims
};

// How far it has come after an event, and what it wants done. A record among the actions has its
// event, and a message only where the owner can't know one: the owner fills in the rest.
struct SignInMove {
    enum class Stage {
        going,
        known,     // claims() are of the right person; look_up() may be called
        looked_up, // and his groups are known
        failed,
    };
    Stage stage = Stage::going;
    Actions actions;
    // Only with failed.
    ipc::Cause cause = ipc::Cause::failed;
    std::string message; // one line for people
    std::string_view rule;
};

class SignIn
{
  public:
    explicit SignIn(WhoSigns who, Demands demands = {});

    SignInMove begin();
    // The same, once more, with more that is demanded of the person (make_claims_request()); only
    // where nothing was demanded before (has_demanded()), else it fails as the provider's side.
    SignInMove demand(std::string claims, BootTime deadline);
    bool has_demanded() const { return demands_ && !demands_->challenge.empty(); }
    //   flow_id  a new GUID: what Entra will call this sign-in in its logs
    SignInMove on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id,
                        BootTime now);
    //   why  what is wrong, for people; may be empty
    SignInMove on_provider_failed(oidc::Failure failure, std::string_view why);
    SignInMove on_reply(const oidc::HttpReply &reply, BootTime now);
    // Before the deadline; that is the owner's.
    SignInMove on_time(BootTime now);
    SignInMove hurry(BootTime now);
    SignInMove on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now);
    SignInMove on_pinned(bool is_kept, const Rules &rules);
    // Asks Graph which of the groups the person is in. Only once known, with a token for Graph.
    SignInMove look_up(std::vector<std::string> groups);
    bool can_look_up() const { return proof_ && !proof_->access_token.empty(); }

    // The code that stands; absent before and after.
    const std::optional<ShowCode> &code() const { return code_; }
    const std::string &correlation() const { return flow_ ? flow_->request_id() : correlation_; }
    // Who has signed in, as far as a token that is good says; empty before.
    std::string_view signed_in_oid() const
    {
        return proof_ ? std::string_view{proof_->oid} : std::string_view{};
    }
    // The person, once known: as expected, or found.
    const std::string &oid() const { return who_.oid; }
    std::string_view user() const { return who_.user; }
    // Taken away, once known; and the groups that were found, once looked up.
    std::unique_ptr<oidc::Claims> take_claims() { return std::move(proof_->claims); }
    std::vector<std::string> take_groups() { return std::move(proof_->groups); }
    SecretString take_access_token() { return std::move(proof_->access_token); }
    const std::shared_ptr<const oidc::Party> &party() const { return party_; }

  private:
    enum class State {
        idle,
        finding_party,
        signing_in,
        judging,
        pinning,
        known,
        looking_up,
        over
    };

    // What has come of the sign-in. Has its memory only from then on: thousands may wait for it.
    struct Proof {
        SecretString id_token;
        SecretString access_token; // for Graph
        bool keys_refreshed = false;
        std::unique_ptr<oidc::Claims> claims;
        std::string oid; // of who has signed in, as far as a token that is good says
        std::unique_ptr<oidc::GroupLookup> lookup;
        std::vector<std::string> groups;
    };

    SignInMove follow(oidc::Step step);
    SignInMove follow_lookup(oidc::LookupStep step);
    SignInMove after_flow(oidc::Finished finished);
    void end_flow();
    SignInMove sign_in_again(std::string challenge);
    SignInMove recognize(const Rules &rules);
    SignInMove recognize_by_name(const Rules &rules);
    SignInMove use_pin(const Rules &rules, const Pin &pin);
    SignInMove know();
    SignInMove fail(ipc::Cause cause, std::string message, std::string_view rule = {});
    static WriteRecord make_record(Event event, std::string message = {});

    WhoSigns who_;
    State state_ = State::idle;
    std::shared_ptr<const oidc::Party> party_;
    std::optional<oidc::DeviceGrant> flow_;
    std::optional<ShowCode> code_;
    std::unique_ptr<Demands> demands_; // null: none
    std::unique_ptr<Proof> proof_;
    std::string correlation_; // of the last flow, once it is over
};

} // namespace jit::daemon
