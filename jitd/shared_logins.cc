#include "jitd/shared_logins.h"

#include "jitd/words.h"
#include "policy/decide.h"
#include "policy/services.h"

namespace jit::daemon {

NoLogin why_no_login(const policy::Role &role, std::string_view service, bool has_proof)
{
    if (!role.shared)
        return {};
    if (service.empty() || !policy::covers_service(role, service))
        return {"login-only", words::login_only(role.name)};
    if (policy::asked_as(service) == "sshd" && !has_proof)
        return {"no-key", words::no_key(role.name)};
    return {};
}

} // namespace jit::daemon
