// A client assertion (RFC 7523): the JWT by which an application proves itself with a certificate.
//
// RS256 or PS256 by a certificate that is registered, found by x5t or x5t#S256; aud is the token
// endpoint, iss and sub the application; it lives no longer than ten minutes and is used once.
#pragma once

#include <optional>
#include <string>

#include "tests/entra/oauth.h"

namespace jit::entra {

// The error that /token has for it, or nothing where it is good.
//   audience   the token endpoint's address
std::optional<OauthError> refuse_assertion(World &world, const App &app, const std::string &text,
                                           const std::string &audience, WallTime now);

} // namespace jit::entra
