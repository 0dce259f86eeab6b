// One OAuth 2.0 device authorization grant (RFC 8628) as a pure state machine: it is given each
// reply and the time, and says what to do next.
//
//   start() ──> send the authorization request ──> show the code ──> wait ──> send a poll
//                        │                                            ^          │
//                        v                                            └─ pending ┤
//                     finished (failure) <──────── declined, expired, fault ─────┤
//                                                                                v
//                                                                      finished (ID token)
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/provider.h"

struct json_t;

namespace jit::oidc {

enum class Failure {
    none,
    declined,      // the person said no (authorization_declined, access_denied)
    expired,       // not approved in time
    unreachable,   // the provider could not be reached before anything could be shown
    not_trusted,   // TLS refused, before anything could be shown
    misconfigured, // the registration or configuration is wrong
    blocked,       // Conditional Access or the account's state forbids it
    broken,        // the provider's answer makes no sense
};

struct SendRequest {
    HttpRequest request;
};
// Show uri and code; afterwards call on_time() at `poll_at`.
struct ShowCode {
    std::string uri;
    std::string user_code;
    BootTime expires; // the shorter of the provider's and the caller's deadline
    BootTime poll_at;
};
struct WaitUntil {
    BootTime at;
};
struct Finished {
    Failure failure = Failure::none;
    SecretString id_token;      // only without failure
    std::string advice;         // for people, from our own table; empty without failure
    std::string correlation_id; // what Entra calls this flow in its logs; may be empty
    int provider_code = 0;      // AADSTS number, for the audit; 0: none
};
using Step = std::variant<SendRequest, ShowCode, WaitUntil, Finished>;

class DeviceGrant
{
  public:
    //   deadline    the flow never outlives it, whatever the provider says
    //   request_id  a GUID made by the caller, sent as client-request-id and echoed by Entra
    DeviceGrant(const Expectations &expected, const Provider &provider, std::string request_id,
                BootTime deadline);

    // The first step: the device authorization request (section 3.1).
    Step start();
    // The reply to the last SendRequest (sections 3.2 and 3.5). A failed poll is retried with
    // growing pauses inside the deadline; a failed first request is retried at most twice. TLS that
    // is not trusted ends the flow at once before the code is shown, later at the third time.
    //   expires_in   seconds, from 1; more than 3600 counts as 3600. interval: absent 5, 0 counts
    //                as 1, more than 60 as 60. Both also as text. Anything else: `broken`
    //   Retry-After  whole seconds are honoured, as far as the deadline goes; anything else: 5
    Step on_reply(const HttpReply &reply, BootTime now);
    // The time of the last WaitUntil or ShowCode has come. Called too early it says again when;
    // called while a request is out it ends the flow if that has expired.
    Step on_time(BootTime now);

    // Any call that the state does not allow, such as one after Finished, gives Finished, `broken`.

  private:
    enum class State {
        idle,
        authorizing,
        retrying,
        waiting,
        polling,
        finished
    };

    Step read_authorization(const HttpReply &reply, BootTime now);
    Step read_poll(const HttpReply &reply, BootTime now);
    Step read_error(const json_t *reply);
    Step retry(const HttpReply &reply, BootTime now);
    Step wait(std::chrono::seconds pause, State next, BootTime now);
    Step finish(Failure failure, std::string advice = {});
    HttpRequest make_authorization_request() const;
    HttpRequest make_poll() const;

    Expectations expected_;
    Provider provider_;
    std::string request_id_;
    std::string correlation_id_;
    BootTime deadline_;
    BootTime expires_; // the deadline or the code's end, whichever is first
    BootTime next_at_; // when the next request may be sent
    State state_ = State::idle;
    SecretString device_code_;
    std::chrono::seconds interval_{5};
    unsigned failures_ = 0; // in a row
    int provider_code_ = 0;
};

} // namespace jit::oidc
