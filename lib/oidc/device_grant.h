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
#include <memory>
#include <string>
#include <variant>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/oidc/failure.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/pace.h"
#include "lib/oidc/provider.h"

struct json_t;

namespace jit::oidc {

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
    SecretString id_token;     // only without failure
    SecretString access_token; // for Graph, if that was asked for; else empty
    // Entra wants more of the person than was given, and another flow that asks for this (the
    // demanded part of make_claims_request()) could get it; with `blocked`, otherwise empty.
    std::string demanded;
    std::string advice;         // for people, from our own table; empty without failure
    std::string correlation_id; // what Entra calls this flow in its logs; may be empty
    int provider_code = 0;      // AADSTS number, for the audit; 0: none
};
using Step = std::variant<SendRequest, ShowCode, WaitUntil, Finished>;

// Whom flows talk to: what is expected of it, and what it says of itself. Shared by all of them.
struct Party {
    Expectations expected;
    Provider provider;
};

class DeviceGrant
{
  public:
    //   request_id  a GUID made by the caller, sent as client-request-id and echoed by Entra
    //   claims      of make_claims_request(), sent with each request; may be empty
    //   deadline    the flow never outlives it, whatever the provider says
    //   jitter      spreads the pauses after failures. Polls that were answered stand apart by when
    //               each person began, and keep to the interval
    DeviceGrant(std::shared_ptr<const Party> party, std::string request_id, std::string claims,
                BootTime deadline, Jitter jitter);

    // The first step: the device authorization request (section 3.1).
    Step start();
    // The reply to the last SendRequest (sections 3.2 and 3.5). A failed poll is retried with
    // growing pauses inside the deadline; a failed first request is retried at most twice. TLS that
    // is not trusted ends the flow at once before the code is shown, later at the third time.
    //   expires_in, interval, Retry-After   pace.h has what they are taken for; an answer without a
    //                                       usable number is `broken`
    Step on_reply(const HttpReply &reply, BootTime now);
    // The time of the last WaitUntil or ShowCode has come. Called too early it says again when;
    // called while a request is out it ends the flow if that has expired.
    Step on_time(BootTime now);

    // The person says that it is done: the next poll comes as early as the interval and what the
    // provider asked for allow, perhaps now, though it was put off for an answer that failed.
    Step hurry(BootTime now);

    // As what Entra's logs have it, unless Finished names another.
    const std::string &request_id() const { return request_id_; }

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
    Step wait(std::chrono::microseconds pause, State next, BootTime now);
    Step poll();
    Step finish(Failure failure, std::string advice = {});
    HttpRequest make_authorization_request() const;
    HttpRequest make_poll() const;

    std::shared_ptr<const Party> party_;
    std::string request_id_;
    std::string claims_;
    BootTime deadline_;
    BootTime expires_;     // the deadline or the code's end, whichever is first
    BootTime next_at_;     // when the next request is to be sent
    BootTime earliest_at_; // when it may be
    State state_ = State::idle;
    SecretString device_code_;
    Jitter jitter_;
    std::chrono::seconds interval_{5};
    unsigned failures_ = 0; // in a row
};

} // namespace jit::oidc
