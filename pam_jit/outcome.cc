#include "pam_jit/outcome.h"

#include <security/pam_modules.h>

namespace jit::pam {

int code_of(Outcome outcome, Phase phase)
{
    const bool is_auth = phase == Phase::auth;
    switch (outcome) {
    case Outcome::allowed:
        return PAM_SUCCESS;
    case Outcome::ignored:
        return PAM_IGNORE;
    case Outcome::denied:
        return is_auth ? PAM_AUTH_ERR : PAM_PERM_DENIED;
    case Outcome::unreachable:
        return is_auth ? PAM_AUTHINFO_UNAVAIL : PAM_PERM_DENIED;
    case Outcome::aborted:
        return PAM_ABORT;
    case Outcome::conversation_lost:
        return PAM_CONV_ERR;
    case Outcome::broken:
        return PAM_SYSTEM_ERR;
    }
    return PAM_SYSTEM_ERR;
}

const char *name_of(Outcome outcome)
{
    switch (outcome) {
    case Outcome::allowed:
        return "allowed";
    case Outcome::ignored:
        return "ignored";
    case Outcome::denied:
        return "denied";
    case Outcome::unreachable:
        return "unreachable";
    case Outcome::aborted:
        return "aborted";
    case Outcome::conversation_lost:
        return "conversation lost";
    case Outcome::broken:
        return "broken";
    }
    return "unknown";
}

} // namespace jit::pam
