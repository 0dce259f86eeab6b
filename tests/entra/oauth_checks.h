// What both POST endpoints check first.
#pragma once

#include <initializer_list>
#include <optional>

#include "tests/entra/oauth.h"

namespace jit::entra {

// The refusal, or nothing where method, tenant and application are right and every needed field is
// there, once.
std::optional<Reply> refuse_request(const World &world, const OauthRequest &request,
                                    std::initializer_list<const char *> needed);

// No such tenant; the name of the error differs between endpoints.
Reply refuse_tenant(const OauthRequest &request, const char *error);

// The application; only after refuse_request() found nothing.
const App &app_of(const World &world, const OauthRequest &request);

} // namespace jit::entra
