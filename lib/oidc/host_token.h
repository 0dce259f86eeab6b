// The host's own access token for Microsoft Graph, with which mode watch reads who has activated
// what: a pure state machine like GroupLookup, that lives as long as the daemon. It has three ways:
//
//   certificate  the client credentials grant, with an assertion that the host's key signs
//   imds         Azure's Instance Metadata Service gives the virtual machine's managed identity
//   arc          Azure Arc's agent gives the one of a machine elsewhere, to whoever can read a file
//                that it names
//
// A token is kept until some minutes before its end, and renewed by one fetch at a time; while that
// fails, the old one serves until it ends.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/host_key.h"
#include "lib/oidc/http_message.h"

namespace jit::oidc {

enum class HostCredential {
    certificate,
    imds,
    arc
};

struct HostIdentity {
    HostCredential way = HostCredential::imds;
    std::string graph_host; // for whose API the token is
    // With certificate alone.
    std::string token_endpoint; // of the provider's own document
    std::string client_id;
    std::shared_ptr<const HostKey> key;
};

// A moment in which a request may have to be made.
struct Moment {
    Now now;
    std::string guid; // random, never used before: the assertion's jti, and the client-request-id
};

// Read this file (lib/sys/challenge_file.h, which judges the path) and call on_challenge().
struct ReadChallenge {
    std::string path;
};
struct TokenReady {
}; // token() has it
struct TokenUnderWay {
}; // somebody has asked already: what he is told holds for all
struct TokenFailed {
    Failure failure = Failure::broken;
    std::string advice;    // one line, for the administrator
    BootTime again_at{};   // before that ask() gives this same answer and asks nobody
    int provider_code = 0; // AADSTS number, for the audit; 0: none
};
using TokenStep =
    std::variant<SendRequest, ReadChallenge, WaitUntil, TokenReady, TokenUnderWay, TokenFailed>;

class HostToken
{
  public:
    explicit HostToken(HostIdentity identity);

    // The token is needed now.
    TokenStep ask(const Moment &moment);
    // What could not be had now is asked for again a few times: no answer, 429 and 5xx, from imds
    // and arc also 404 and 410, with the pauses that Microsoft asks for. Then it has failed.
    TokenStep on_reply(const HttpReply &reply, BootTime now);
    // What the file of ReadChallenge holds, or why it could not be read.
    TokenStep on_challenge(const Result<SecretString> &held, BootTime now);
    // The time of the last WaitUntil has come.
    TokenStep on_time(const Moment &moment);

    // After TokenReady: borrowed until the next call of anything here.
    const SecretString &token() const { return token_; }
    // Graph does not accept it: the next ask() fetches another.
    void drop();

  private:
    enum class State {
        idle,
        asking,    // a request is out
        reading,   // arc: the file is to be read
        answering, // arc: the request with what it holds is out
        waiting
    };

    TokenStep send(const Moment &moment);
    TokenStep send_assertion(const Moment &moment);
    HttpRequest make_local_request() const;
    TokenStep read_challenge(const HttpReply &reply, BootTime now);
    TokenStep read_refusal(const HttpReply &reply, BootTime now);
    TokenStep read_token(const HttpReply &reply, BootTime now);
    TokenStep retry(const HttpReply &reply, BootTime now);
    TokenStep give_up(Failure failure, std::string advice, BootTime now, int provider_code = 0);
    bool has_token(BootTime now) const { return !token_.empty() && now < good_until_; }

    HostIdentity identity_;
    State state_ = State::idle;
    SecretString token_;
    BootTime renew_at_{};   // from then on another is fetched
    BootTime good_until_{}; // from then on this one is not used
    BootTime sent_at_{};    // the request that is out
    BootTime next_at_{};    // with waiting
    unsigned failures_ = 0; // in a row
    TokenFailed failed_;    // the last time; again_at: not yet again
};

} // namespace jit::oidc
