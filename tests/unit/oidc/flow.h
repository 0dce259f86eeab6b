// What the tests of this layer share: an Entra tenant's expectations, and replies made of text.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/oidc/device_grant.h"
#include "lib/oidc/http_message.h"
#include "lib/oidc/provider.h"

namespace jit::oidc {

inline constexpr const char *test_tenant = "6f1c0000-0000-4000-8000-000000000001";
inline constexpr const char *test_client = "c11e0000-0000-4000-8000-000000000002";

inline Expectations entra_expectations()
{
    const std::string base = std::string{"https://login.microsoftonline.com/"} + test_tenant;
    Expectations expected;
    expected.is_entra = true;
    expected.tenant = test_tenant;
    expected.issuer = base + "/v2.0";
    expected.authority_host = "login.microsoftonline.com";
    expected.discovery_url = base + "/v2.0/.well-known/openid-configuration";
    expected.verification_hosts = {"login.microsoft.com", "microsoft.com", "www.microsoft.com"};
    expected.client_id = test_client;
    expected.scopes = {"openid", "profile"};
    return expected;
}

inline Provider entra_provider()
{
    const std::string base = std::string{"https://login.microsoftonline.com/"} + test_tenant;
    return {base + "/oauth2/v2.0/devicecode", base + "/oauth2/v2.0/token",
            base + "/discovery/v2.0/keys", "graph.microsoft.com"};
}

// With scopes that ask for Graph, or without.
inline std::shared_ptr<const Party> entra_party(bool asks_graph = false)
{
    Expectations expected = entra_expectations();
    expected.graph_hosts = {"graph.microsoft.com"};
    if (asks_graph)
        expected.scopes.emplace_back("https://graph.microsoft.com/User.Read");
    return std::make_shared<const Party>(Party{expected, entra_provider()});
}

inline HttpReply reply_of(long status, std::string_view body, std::string_view retry_after = {})
{
    HttpReply reply;
    reply.outcome = HttpReply::Outcome::received;
    reply.status = status;
    reply.body = SecretString{body};
    reply.retry_after = retry_after;
    return reply;
}

inline HttpReply no_reply(HttpReply::Outcome outcome)
{
    HttpReply reply;
    reply.outcome = outcome;
    return reply;
}

} // namespace jit::oidc
