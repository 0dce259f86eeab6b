// The `claims` parameter of a device grant (OpenID Connect Core section 5.5; Microsoft's "claims
// challenge" and "authentication context" pages), sent with the device request and with each poll.
#pragma once

#include <string>
#include <string_view>

namespace jit::oidc {

// What one flow has to ask for. As JSON text; empty when there is nothing to ask for.
//   auth_context  the authentication context that has to be in `acrs`, "c1"; empty: none
//   demanded      what the provider demanded of an earlier flow in the `claims` member of its
//                 error, an object as read_demand() gave it; empty: nothing. Both are joined; where
//                 they disagree ours stands for the ID token, which we read, and theirs elsewhere
std::string make_claims_request(std::string_view auth_context, std::string_view demanded);

// What counts as demanded when the provider wants a second factor and does not say how: the
// built-in challenge for it.
std::string second_factor_demand();

// What was demanded, with the word that we understand such challenges: PIM refuses a token that has
// the context and not this. Empty: `demanded` is no object.
std::string add_client_capability(std::string_view demanded);

// The `claims` member of an error, a text that holds a JSON object.
//   returns  the object without white space; empty: it is none, or over 4 KiB
std::string read_demand(std::string_view text);

} // namespace jit::oidc
