// A request that somebody else sends and a reply that somebody else received: this layer knows no
// network.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/secret.h"

namespace jit::oidc {

struct HttpRequest {
    enum class Method {
        get,
        post
    };
    Method method = Method::get;
    std::string url;                  // https; lib/net/plain_origin.h knows the two exceptions
    SecretString form;                // post: application/x-www-form-urlencoded, already encoded
    std::string json;                 // post: a JSON body instead of the form; empty: none
    SecretString bearer;              // access token for the Authorization header; empty: none
    SecretString basic;               // what follows "Authorization: Basic "; empty: none
    std::string client_request_id;    // sent as client-request-id; empty: not sent
    std::vector<std::string> headers; // others, each "Name: value"; no credentials
};

// What came back, or why nothing did. `body` may hold tokens.
struct HttpReply {
    enum class Outcome {
        received,    // a whole reply, of whatever status
        unreachable, // no connection, or it broke
        timed_out,   //
        not_trusted, // TLS: unknown authority, wrong name, expired, too old
        too_large,   // more than the cap: 1 MiB after decoding
    };
    // What TLS is not trusted for, as far as that is known.
    enum class Distrust {
        other,
        authority, // the certificate is of one that is not known here
        name,      // it is for another host
        dates,     // it has expired, or is not valid yet
        version,   // nothing from TLS 1.2 on is spoken
    };
    Outcome outcome = Outcome::unreachable;
    Distrust distrust = Distrust::other; // with not_trusted
    long status = 0;                     // also with too_large, where the head of it came
    SecretString body;
    // Headers as received; empty: none.
    std::string retry_after;      // cut at 64 bytes
    std::string www_authenticate; // cut at 512 bytes
};

} // namespace jit::oidc
