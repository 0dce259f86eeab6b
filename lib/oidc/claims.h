// What a verified token says, judged: the part of the checklist that comes after the signature.
#pragma once

#include "lib/oidc/json.h"
#include "lib/oidc/token.h"

namespace jit::oidc {

// As verify_id_token() says. Nothing may be read with it whose signature has not been verified.
//   skew  at most 300 s
Judged judge_claims(const json_t *claims, const Expectations &expected, WallTime now,
                    WallTime began, std::chrono::seconds skew);

// What claims say of a person, whoever made them up: to explain a policy by, never to grant by. The
// token's times and issuer are not looked at.
//   returns  the claims; no_subject, malformed
Judged read_unjudged(const json_t *claims, bool is_entra);

} // namespace jit::oidc
