// The ways in which a sign-in fails, and what the provider's error answers say about it.
#pragma once

#include <string>
#include <string_view>

#include "lib/oidc/http_message.h"

struct json_t;

namespace jit::oidc {

enum class Failure {
    none,
    declined,      // the person said no (authorization_declined, access_denied)
    expired,       // not approved in time
    unreachable,   // the provider could not be reached before anything could be shown
    not_trusted,   // TLS refused, before anything could be shown
    foreign,       //   the same, for a certificate of an authority that is not known
    wrong_host,    //   for another host
    out_of_date,   //   that has expired, or is not valid yet
    old_tls,       //   or because nothing newer than TLS 1.1 is spoken
    misconfigured, // the registration or configuration is wrong
    unfit,         // what the provider says of itself is not what is expected
    blocked,       // Conditional Access or the account's state forbids it
    broken,        // the provider's answer makes no sense
};

// What an `error` means (RFC 6749 section 5.2, RFC 8628 section 3.5, and Entra's own). What is not
// known makes no sense here: broken.
Failure failure_of(std::string_view error);

Failure failure_of(HttpReply::Distrust distrust);

// One line for people; empty for none.
const char *explain(Failure failure);

// What Entra wants more of the person ("claims challenge"): by the claims in its error or, since it
// does not always send them, by its number or its word. As DeviceGrant's Finished::demanded.
//   reply  an error answer of the token endpoint
//   code   its AADSTS number, 0: none
std::string find_demand(const json_t *reply, std::string_view error, int code);

} // namespace jit::oidc
