// What requests and approvals want done: pure state machines say it, their shell carries it out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "jitd/audit_record.h"
#include "jitd/given_approvals.h"
#include "jitd/store.h"
#include "lib/base/clock.h"
#include "lib/ipc/elevation.h"
#include "lib/oidc/http_message.h"

namespace jit::daemon {

struct AskTrial {
}; // ask the helper what it would grant now; answer: on_tried or on_trial_failed
// As whom the provider is asked: the registration says what a sign-in is for, and its `aud` keeps
// the one from being taken for another.
enum class Purpose {
    request,
    activation, // a request whose token is to open Privileged Identity Management, too
    approval
};
struct FindParty {
    Purpose purpose = Purpose::request;
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
// Keep whom the user was found to be, with the record before it; answer: on_pinned.
struct KeepPin {
    Pin pin;
    // Nothing rests on it that does not ask first whether all records are in the ledger: it may be
    // kept together with what comes of it.
    bool may_wait = false;
};
struct AskRules {
}; // answer: on_rules
// Others have to say yes: keep it so in the ledger, with what they have said so far and the record,
// and tell who watches. Answer: only on_await_failed().
struct Await {
    std::optional<AuditRecord> record;
};
// An approver has signed in, and is one: carry what he says to the request; answer: on_said.
struct Say {
    GivenApproval by;
};
struct Hold {
}; // it is approved: say so, and keep it for who comes for it; then: claim
// Keep in the ledger who approved, then ask the helper; answer: on_granted or on_grant_failed
struct AskGrant {
    std::optional<AuditRecord> approved; // absent: the ledger has it already
    std::string approvers;               // their object ids, with a space between them
};
struct TakeBack {
}; // end the grant: its requester has gone
struct WriteRecord {
    AuditRecord record;
    // With this record the request comes to its end.
    std::optional<ipc::Cause> ends = std::nullopt;
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
using Action =
    std::variant<AskTrial, FindParty, SendHttp, WakeAt, ShowCode, FindKeys, KeepPin, AskRules,
                 Await, Say, Hold, AskGrant, TakeBack, WriteRecord, RecordGrant, Close>;
using Actions = std::vector<Action>;

// Adds what comes later to what comes first.
inline Actions join(Actions first, Actions second)
{
    for (Action &action : second)
        first.push_back(std::move(action));
    return first;
}

template <typename... T> Actions list(T... actions)
{
    Actions made;
    made.reserve(sizeof...(actions));
    (made.emplace_back(std::move(actions)), ...);
    return made;
}

} // namespace jit::daemon
