// The grant by which an application gets a token of its own (RFC 6749 section 4.4).
#pragma once

#include "tests/entra/oauth.h"

namespace jit::entra {

inline constexpr const char *client_credentials_grant = "client_credentials";

Reply answer_client_credentials(World &world, const OauthRequest &request, Now now);

struct ApplicationToken {
    std::string text;
    long expires_in = 0;
};

// A token for this cloud's Graph, kept with the others.
//   lifetime   in seconds, unless a test ordered another
ApplicationToken issue_application_token(World &world, const Cloud &cloud,
                                         std::vector<std::string> permissions, long lifetime,
                                         Now now);

} // namespace jit::entra
