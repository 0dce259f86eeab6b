// How a flow that somebody approved, or that failed, ends at /token.
#pragma once

#include "tests/entra/oauth.h"

namespace jit::entra {

// The error that /token has for a flow that failed.
OauthError failure_of(const Failure &failure);

// The tokens of a flow that is redeemed with this request; or the step-up that a policy wants
// first, with which the flow fails.
Reply issue_tokens(World &world, const OauthRequest &request, const Flow &flow, Now now);

} // namespace jit::entra
