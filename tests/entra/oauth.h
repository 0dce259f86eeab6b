// An authority's four endpoints, as values: a request in, a reply out.
//
//   GET  /TENANT/v2.0/.well-known/openid-configuration   also "organizations" and "common"
//   GET  /TENANT/discovery/v2.0/keys
//   POST /TENANT/oauth2/v2.0/devicecode
//   POST /TENANT/oauth2/v2.0/token
#pragma once

#include <string>

#include "tests/entra/encode.h"
#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace jit::entra {

struct OauthRequest {
    const Cloud &cloud;         // whose authority was asked
    std::string method;         // "GET", "POST"
    std::string tenant;         // the path's first segment, as it came
    Form form;                  // the body; empty unless its type is a form's
    std::string correlation_id; // client-request-id from header or query; may be empty
};

// The endpoint that a path names: discovery, keys, devicecode, token; empty: none.
// `tenant` is its first segment.
std::string find_endpoint(std::string_view path, std::string &tenant);

Reply answer_discovery(const World &world, const OauthRequest &request);
Reply answer_keys(const World &world, const OauthRequest &request);
Reply answer_devicecode(World &world, const OauthRequest &request, Now now);
//   told_to_slow_down   answer a flow that is pending with slow_down
Reply answer_token(World &world, const OauthRequest &request, Now now, bool told_to_slow_down);

} // namespace jit::entra
