#include "tests/entra/client_credentials.h"

#include "lib/base/text.h"
#include "tests/entra/client_assertion.h"
#include "tests/entra/oauth_checks.h"

namespace jit::entra {

namespace {
constexpr const char *assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr long lifetime_s = 3599;
} // namespace

ApplicationToken issue_application_token(World &world, const Cloud &cloud,
                                         std::vector<std::string> permissions, long lifetime,
                                         Now now)
{
    ApplicationToken issued;
    const long ordered = world.access_token_s;
    issued.expires_in = ordered > 0 ? ordered : lifetime;
    AccessToken token;
    token.audience = graph_resource(cloud);
    token.permissions = std::move(permissions);
    token.expires = now.boot + std::chrono::seconds{issued.expires_in};
    issued.text = world.access_tokens.add(std::move(token));
    world.secrets.add(issued.text);
    return issued;
}

Reply answer_client_credentials(World &world, const OauthRequest &request, Now now)
{
    const auto refuse = [&](const OauthError &error) {
        return make_error_reply(error, request.correlation_id);
    };
    if (auto refusal = refuse_request(world, request, {"client_id", "grant_type", "scope"}))
        return *std::move(refusal);
    const App &app = app_of(world, request);
    if (!request.form.get("client_secret").empty())
        return refuse({401, "invalid_client", 7000215, "", "", ""});
    const std::string assertion = request.form.get("client_assertion");
    if (assertion.empty() || request.form.get("client_assertion_type") != assertion_type)
        return refuse({401, "invalid_client", 7000218, "", "", ""});
    if (request.form.get("scope") != graph_resource(request.cloud) + "/.default")
        return refuse({400, "invalid_scope", 1002012, "", "", ""});
    const std::string audience =
        world.authority(request.cloud) + "/" + to_lower(request.tenant) + "/oauth2/v2.0/token";
    if (const auto error = refuse_assertion(world, app, assertion, audience, now.wall))
        return refuse(*error);
    world.secrets.add(assertion);
    const ApplicationToken token =
        issue_application_token(world, request.cloud, app.permissions, lifetime_s, now);
    const Json body{json_object()};
    put(body, "token_type", "Bearer");
    put(body, "expires_in", token.expires_in);
    put(body, "ext_expires_in", token.expires_in);
    put(body, "access_token", token.text);
    return make_json_reply(200, body);
}

} // namespace jit::entra
