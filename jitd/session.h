// One request's life, as a pure state machine: it is told what happened and when, and says what to
// do. It reads no clock, opens nothing and knows no socket.
//
//                 start
//                   │
//                   v
//           finding_provider ── provider unreachable, not trusted, misconfigured ──┐
//                   │ on_provider                                                  │
//                   v                                                              │
//              signing_in ───── declined, expired, blocked, broken ────────────────┤
//                   │ ID token                                                     │
//                   v                                                              │
//               judging ─────── forged, somebody else, policy says no ─────────────┤
//                   │ the right person, and the policy still says yes              │
//                   v                                                              v
//               granting ────── the root helper refuses, is away ──────────────> closed
//                   │ on_granted                                                   ^
//                   v                                                              │
//               recording ───── the ledger can't be written ───────────────────────┤
//                   │ on_recorded                                                  │
//                   └──────────────────────────────────────────────────────────────┘
//
// cancel() closes it from every state but the last two. While granting, the helper may already have
// acted, so the session waits for its answer and has the grant taken back; once it is being
// recorded it stands, unless the ledger fails: then it is taken back as well. The deadline works as
// a cancel does, with another cause; in granting the person has signed in already, and it is over.
// Nothing leads back: a closed session says nothing more.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "jitd/audit_record.h"
#include "jitd/request_facts.h"
#include "lib/ipc/elevation.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"
#include "policy/decide.h"

namespace jit::daemon {

// --- what the session wants done --------------------------------------------------------------

struct FindProvider {
}; // answer: on_provider or on_provider_failed
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
};
struct FindKeys {
    bool refresh = false;
}; // answer: on_keys or on_provider_failed
struct AskGrant {
}; // answer: on_granted or on_grant_failed
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
using Action = std::variant<FindProvider, SendHttp, WakeAt, ShowCode, FindKeys, AskGrant, TakeBack,
                            WriteRecord, RecordGrant, Close>;
using Actions = std::vector<Action>;

// --- the session ------------------------------------------------------------------------------

// By what a sign-in is judged, as it stands at that moment. Borrowed for the call.
struct Rules {
    const policy::Policy &policy;
    const policy::Host &host;
    const oidc::Expectations &expected;
    std::chrono::seconds skew;
    const std::vector<std::string> &local_groups; // of the requester, now
};

class Session
{
  public:
    explicit Session(RequestFacts facts) : facts_(std::move(facts)) {}

    Actions start();
    //   flow_id  a new GUID: what Entra will call this sign-in in its logs
    Actions on_provider(const oidc::Expectations &expected, const oidc::Provider &provider,
                        std::string flow_id, BootTime now);
    Actions on_provider_failed(oidc::Failure failure);
    Actions on_reply(const oidc::HttpReply &reply, BootTime now);
    Actions on_time(BootTime now);
    Actions on_keys(const oidc::KeySet &keys, const Rules &rules, WallTime now);
    Actions on_granted(WallTime since, WallTime until, std::vector<std::string> groups);
    Actions on_recorded(bool is_recorded);
    Actions on_grant_failed(ipc::Cause cause, std::string message);
    Actions cancel(ipc::Cause cause, std::string message);

    const RequestFacts &facts() const { return facts_; }
    bool is_closed() const { return state_ == State::closed; }
    bool is_granting() const { return state_ == State::granting; }
    // Nobody may join: it is closed, or will be when the helper has answered.
    bool is_leaving() const { return is_closed() || cancelled_; }
    // The code that stands to be shown to one who joins; absent before and after.
    const std::optional<ShowCode> &code() const { return code_; }
    WallTime since() const { return since_; }
    WallTime until() const { return until_; }

  private:
    enum class State {
        idle,
        finding_provider,
        signing_in,
        judging,
        granting,
        recording,
        closed
    };

    Actions follow(oidc::Step step);
    Actions close(ipc::Cause cause, std::string message);
    AuditRecord make_record(Event event, std::string message) const;

    RequestFacts facts_;
    State state_ = State::idle;
    std::optional<oidc::DeviceGrant> flow_;
    std::optional<ShowCode> code_;
    SecretString id_token_;
    std::string signed_in_oid_;
    std::string correlation_;
    bool keys_refreshed_ = false;
    std::optional<std::pair<ipc::Cause, std::string>> cancelled_; // while granting
    WallTime since_{};
    WallTime until_{};
};

} // namespace jit::daemon
