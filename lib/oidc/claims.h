// What a verified token says, judged: the part of the checklist that comes after the signature.
#pragma once

#include "lib/oidc/json.h"
#include "lib/oidc/token.h"

namespace jit::oidc {

// As verify_id_token() says. Nothing may be read with it whose signature has not been verified.
//   skew  at most 300 s
Judged judge_claims(const json_t *claims, const Expectations &expected, WallTime now,
                    WallTime began, std::chrono::seconds skew);

} // namespace jit::oidc
