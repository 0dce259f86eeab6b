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
//           finding_party ───── provider unreachable, not trusted, misconfigured ──┐
//               │        ^ once: the provider demands more of the person           │
//               v        │                                                         │
//              signing_in ───── declined, expired, blocked, broken ────────────────┤
//                   │ ID token                                                     │
//                   v                                                              │
//               judging ─────── forged, used before, somebody else ────────────────┤
//                   │ the right person                                             │
//                   ├──> pinning ── not found by name before, and can't be kept ───┤
//                   v        │                                                     │
//              looking_up <──┘  only where the token leaves groups out: Graph away,┤
//                   │           refuses, makes no sense                            │
//                   v                                                              v
//               deciding ────── the policy says no ───────────────────────────> closed
//                   │    ^  │ only where a login is waited for                     ^
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

#include "jitd/audit_record.h"
#include "jitd/request_facts.h"
#include "jitd/store.h"
#include "lib/ipc/elevation.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/group_lookup.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/seen_tokens.h"
#include "lib/oidc/token.h"
#include "policy/decide.h"

namespace jit::daemon {

// --- what the session wants done --------------------------------------------------------------

struct AskTrial {
}; // ask the helper what it would grant now; answer: on_tried or on_trial_failed
struct FindParty {
}; // answer: on_party or on_provider_failed
struct SendHttp {
    oidc::HttpRequest request;
}; // answer: on_reply
struct WakeAt {
    BootTime at;
}; // replaces the time of an earlier one
struct ShowCode {
    std::string uri;
    std::string user_code;
    BootTime expires;
    bool is_again = false; // the provider wants more than the first sign-in gave
};
struct FindKeys {
    bool refresh = false;
}; // answer: on_keys or on_provider_failed
struct KeepPin {
    Pin pin;
}; // keep whom the user was found to be; answer: on_pinned
struct AskRules {
}; // answer: on_rules
struct Hold {
}; // it is approved: say so, and keep it for who comes for it; then: claim
struct AskGrant {
    AuditRecord approved;
}; // keep that record in the ledger, then ask the helper; answer: on_granted or on_grant_failed
struct TakeBack {
}; // end the grant: its requester has gone
struct WriteRecord {
    AuditRecord record;
};
struct RecordGrant {
    AuditRecord record;
}; // keep the grant and its record in the ledger, both or neither; answer: on_recorded
// The last one. Granted if cause is absent.
struct Close {
    std::optional<ipc::Cause> cause;
    std::string message; // one line for the requester; empty if granted
    std::string correlation;
};
using Action = std::variant<AskTrial, FindParty, SendHttp, WakeAt, ShowCode, FindKeys, KeepPin,
                            AskRules, Hold, AskGrant, TakeBack, WriteRecord, RecordGrant, Close>;
using Actions = std::vector<Action>;

// --- the session ------------------------------------------------------------------------------

// By what a sign-in is judged, as it stands at that moment. Borrowed for the call.
struct Rules {
    const policy::Policy &policy;
    const policy::Host &host;
    const oidc::Expectations &expected;
    std::chrono::seconds skew;
    const std::vector<std::string> &local_groups; // of the requester, now
    oidc::SeenTokens &seen;                       // of all sessions
    const Pin *pin = nullptr;                     // of the requester, now; null: none
    bool pin_needs_confirmation = false;          // pin = root
    WallTime now{};
    const policy::Config *config = nullptr; // null: nobody is in a map
};

class Session
{
  public:
    explicit Session(RequestFacts facts) : facts_(std::move(facts)) {}

    Actions start();
    //   duration  what would be granted now
    Actions on_tried(std::chrono::seconds duration);
    Actions on_trial_failed(ipc::Cause cause, std::string message);
    //   flow_id  a new GUID: what Entra will call this sign-in in its logs
    Actions on_party(std::shared_ptr<const oidc::Party> party, std::string flow_id, BootTime now);
    //   why  what is wrong, for people; may be empty
    Actions on_provider_failed(oidc::Failure failure, std::string_view why);
    Actions on_reply(const oidc::HttpReply &reply, BootTime now);
    Actions on_time(BootTime now);
    // The person says that the sign-in is done: asks sooner than it would, where that is allowed.
    Actions hurry(BootTime now);
    Actions on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now);
    Actions on_pinned(bool is_kept, const Rules &rules);
    Actions on_rules(const Rules &rules);
    // Somebody has come for what is held.
    Actions claim();
    Actions on_granted(WallTime since, WallTime until, std::vector<std::string> groups);
    Actions on_recorded(bool is_recorded);
    Actions on_grant_failed(ipc::Cause cause, std::string message);
    Actions cancel(ipc::Cause cause, std::string message);

    const RequestFacts &facts() const { return facts_; }
    bool is_closed() const { return state_ == State::closed; }
    bool is_granting() const { return state_ == State::granting; }
    // It waits for a login, or one has come and it is being granted.
    bool is_approved() const
    {
        return state_ == State::held || (is_claimed_ && state_ != State::closed);
    }
    bool is_claimed() const { return is_claimed_; }
    // Nobody may join: it is closed, or will be when the helper has answered.
    bool is_leaving() const { return is_closed() || cancelled_; }
    // The code that stands to be shown to one who joins; absent before and after.
    const std::optional<ShowCode> &code() const { return code_; }
    WallTime since() const { return since_; }
    WallTime until() const { return until_; }

  private:
    enum class State {
        idle,
        trying,
        finding_party,
        signing_in,
        judging,
        pinning,
        looking_up,
        deciding,
        held,
        granting,
        recording,
        closed
    };

    Actions begin();
    Actions follow(oidc::Step step);
    Actions follow_lookup(oidc::LookupStep step);
    Actions end_flow(oidc::Finished finished);
    Actions recognize(const Rules &rules);
    Actions recognize_by_name(const Rules &rules);
    Actions use_pin(const Rules &rules, const Pin &pin);
    Actions look_up_or_decide(const Rules &rules);
    policy::Person make_person(const Rules &rules) const;
    // For records: the user; as a shared account, who has signed in and as what.
    std::string who() const;
    Actions close(ipc::Cause cause, std::string message, std::string_view rule = {});
    AuditRecord make_record(Event event, std::string message) const;

    // What comes with a sign-in has its memory from then on: thousands may wait for theirs.
    RequestFacts facts_;
    State state_ = State::idle;
    std::shared_ptr<const oidc::Party> party_;
    std::optional<oidc::DeviceGrant> flow_;
    std::unique_ptr<oidc::GroupLookup> lookup_;
    std::optional<ShowCode> code_;
    SecretString id_token_;
    SecretString access_token_; // for Graph
    std::unique_ptr<oidc::Claims> claims_;
    std::string signed_in_oid_;
    std::string person_; // as a shared account: who has signed in, for people
    std::string correlation_;
    std::string demanded_; // what the provider wants more; empty: nothing so far
    bool keys_refreshed_ = false;
    bool is_claimed_ = false;
    std::unique_ptr<std::pair<ipc::Cause, std::string>> cancelled_; // while granting
    WallTime since_{};
    WallTime until_{};
};

} // namespace jit::daemon
