// The one place that hands anything of others to libjose.
#pragma once

#include <string_view>

#include "lib/oidc/jwks.h"

namespace jit::oidc {

// The parts of a compact JWS (RFC 7515 section 7.1), each as base64url text.
struct SignedParts {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
};

// Whether the key can be relied on: a modulus of 2048 to 8192 bits, odd; an exponent of 3 to
// 2^32 - 1, odd. (With the exponent 1 everybody's signature would be good.)
bool is_fit(const Key &key);

// RSASSA-PKCS1-v1_5 with SHA-256 over "header.payload", and nothing else, whatever the header
// says. The caller has read the header and found RS256 there, and has asked is_fit().
bool verify_rs256(const SignedParts &parts, const Key &key);

} // namespace jit::oidc
