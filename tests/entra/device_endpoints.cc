// The two endpoints of the device authorization grant (RFC 8628), with Entra's manners.
#include "lib/base/text.h"
#include "tests/entra/claims_request.h"
#include "tests/entra/issue.h"
#include "tests/entra/oauth_checks.h"
#include "tests/entra/random.h"
#include "tests/entra/scopes.h"

namespace jit::entra {

namespace {

// Why a scope parameter is not served; nothing where it is.
std::optional<OauthError> refuse_scope(const Cloud &cloud, const std::string &scope)
{
    if (!is_scope_list(scope))
        return OauthError{400, "invalid_scope", 70011, "", "", ""};
    const auto resource = common_resource(scope, graph_resource(cloud));
    if (!resource)
        return OauthError{400, "invalid_scope", 700022, "", "", ""};
    constexpr std::string_view https = "https://";
    if (*resource != graph_resource(cloud) && resource->starts_with(https) &&
        find_cloud_of_graph(resource->substr(https.size())) != nullptr)
        return OauthError{400, "invalid_resource", 500011, "", "", ""}; // another cloud's
    return std::nullopt;
}

} // namespace

Reply answer_devicecode(World &world, const OauthRequest &request, Now now)
{
    if (auto refusal = refuse_request(world, request, {"client_id", "scope"}))
        return *std::move(refusal);
    const std::string claims = request.form.get("claims");
    if (!is_claims_request(claims))
        return make_error_reply({400, "invalid_request", 9002341,
                                 "The 'claims' parameter is not a JSON object.", "", ""},
                                request.correlation_id);
    Flow flow;
    flow.cloud = &request.cloud;
    flow.scope = request.form.get("scope");
    if (const auto error = refuse_scope(request.cloud, flow.scope))
        return make_error_reply(*error, request.correlation_id);
    flow.user_code = random_user_code();
    flow.device_code = random_token("KAQABIQEAAAD", 192);
    flow.client_id = app_of(world, request).client_id;
    flow.tenant = to_lower(request.tenant);
    flow.claims = claims;
    flow.correlation_id = request.correlation_id;
    flow.interval = std::chrono::seconds{world.interval_s};
    flow.expires = now.boot + std::chrono::seconds{world.code_lifetime_s};
    flow.last_poll = now.boot;

    const Json body{json_object()};
    put(body, "user_code", flow.user_code);
    put(body, "device_code", flow.device_code);
    put(body, "verification_uri", world.device_page(request.cloud));
    put(body, "expires_in", world.code_lifetime_s.load());
    put(body, "interval", world.interval_s.load());
    put(body, "message",
        "To sign in, use a web browser to open the page " + world.device_page(request.cloud) +
            " and enter the code " + flow.user_code + " to authenticate.");
    world.secrets.add(flow.device_code);
    world.flows.add(std::move(flow));
    return make_json_reply(200, body);
}

Reply answer_token(World &world, const OauthRequest &request, Now now, bool told_to_slow_down)
{
    const auto refuse = [&](OauthError error) {
        return make_error_reply(error, request.correlation_id);
    };
    if (auto refusal = refuse_request(world, request, {"client_id", "grant_type"}))
        return *std::move(refusal);
    const std::string grant_type = request.form.get("grant_type");
    // The short name is what Microsoft's own client libraries send.
    if (grant_type != "urn:ietf:params:oauth:grant-type:device_code" && grant_type != "device_code")
        return refuse({400, "unsupported_grant_type", 70003, "", "", ""});
    const std::string device_code = request.form.get("device_code");
    if (device_code.empty())
        return refuse({400, "invalid_request", 900144,
                       "The request body must contain the following parameter: 'device_code'.", "",
                       ""});
    const App &app = app_of(world, request);
    if (!app.is_public)
        return refuse({401, "invalid_client", 7000218, "", "", ""});
    if (!request.form.get("client_secret").empty() || !request.form.get("client_assertion").empty())
        return refuse({401, "invalid_client", 700025, "", "", ""});

    const std::string tenant = to_lower(request.tenant);
    const std::string claims = request.form.get("claims");
    const Poll poll{request.cloud, tenant, app.client_id, claims};
    const auto flow = world.flows.redeem(device_code, poll, now.boot);
    if (!flow)
        return refuse({400, "bad_verification_code", 70018, "", "", ""});
    if (!belongs(*flow, poll))
        return refuse({400, "invalid_grant", 70000,
                       "The device code was issued to another client, tenant or cloud.", "", ""});
    if (!is_same_request(flow->claims, claims)) // what Entra says to that is not known
        return refuse({400, "invalid_request", 0,
                       "The 'claims' parameter is not the one of the device request.", "", ""});
    switch (flow->state) {
    case FlowState::redeemed:
        return refuse({400, "invalid_grant", 54005, "", "", ""});
    case FlowState::declined: // no number is known for this one
        return refuse({400, "authorization_declined", 0,
                       "The end user denied the authorization request.", "", ""});
    case FlowState::failed:
        return refuse(failure_of(flow->failure));
    case FlowState::pending:
    case FlowState::approved:
        break;
    }
    if (now.boot >= flow->expires)
        return refuse({400, "expired_token", 70020, "", "", ""});
    if (flow->state == FlowState::approved)
        return issue_tokens(world, request, *flow, now);
    if (told_to_slow_down) {
        world.flows.slow_down(device_code);
        return refuse({400, "slow_down", 0, "Polling too often.", "", ""});
    }
    return refuse({400, "authorization_pending", 70016, "", "", ""});
}

} // namespace jit::entra
