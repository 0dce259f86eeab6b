// What an administrator is told when the host gets no token of its own.
#pragma once

#include "lib/oidc/host_token.h"

namespace jit::oidc {

inline constexpr const char *host_has_no_credential =
    "This host has no credential for Entra. The administrator has to set credential, certificate "
    "and key in jitd.toml.";
inline constexpr const char *host_certificate_is_over =
    "This host's certificate has expired. The administrator has to renew it and add it to the "
    "application in Entra.";
inline constexpr const char *host_key_does_not_sign =
    "This host's key does not sign. The administrator has to look at key in jitd.toml.";
inline constexpr const char *host_can_not_read_arc =
    "The key of Azure Arc's agent can't be read. The administrator has to let jit read "
    "/var/opt/azcmagent/tokens, for which there is the group himds.";

// Nobody answers, or says "later" for too long.
const char *host_is_alone(HostCredential way);
// It answers and gives no token.
const char *host_is_refused(HostCredential way);
const char *host_answer_makes_no_sense(HostCredential way);

// What Entra's AADSTS numbers mean for a host, one line; null when there is none of our own. The
// same number may mean something else for a person (entra_advice.h), whose table is asked second.
const char *host_advice_for(int provider_code);

} // namespace jit::oidc
