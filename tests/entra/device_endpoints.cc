// The two endpoints of the device authorization grant (RFC 8628), with Entra's manners.
#include "lib/base/text.h"
#include "tests/entra/oauth_checks.h"
#include "tests/entra/random.h"
#include "tests/entra/tokens.h"

namespace jit::entra {

namespace {

// RFC 6749 section 3.3: printable ASCII without quotes and backslashes.
bool is_scope_list(std::string_view scope)
{
    for (const char c : scope)
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            return false;
    return true;
}

std::string granted_scope(std::string_view asked)
{
    std::string granted;
    while (!asked.empty()) {
        const std::size_t end = std::min(asked.find(' '), asked.size());
        const std::string_view one = asked.substr(0, end);
        asked.remove_prefix(std::min(end + 1, asked.size()));
        if (!one.empty() && one != "offline_access") // Entra does not say that one back
            granted.append(granted.empty() ? "" : " ").append(one);
    }
    return granted;
}

// 53003 comes with a claims challenge, a missing consent with its own suberror.
OauthError failure_of(const Flow &flow)
{
    OauthError error{400, flow.error, flow.aadsts, "", "", ""};
    if (flow.aadsts == 53003) {
        error.suberror = "message_only";
        error.claims = R"({"access_token":{"capolids":{"essential":true,"values":[")" +
                       random_guid() + R"("]}}})";
    } else if (flow.aadsts == 65001) {
        error.suberror = "consent_required";
    }
    return error;
}

Reply issue_tokens(World &world, const OauthRequest &request, const Flow &flow, Now now)
{
    const auto fail = [&](const char *text) {
        return make_error_reply({500, "server_error", 90033, text, "", ""}, request.correlation_id);
    };
    const User *user = world.config.find_user(flow.user_oid);
    if (user == nullptr)
        return fail("The person who approved is not in the directory.");
    const Json body{json_object()};
    const long expires_in = 3599 + static_cast<long>(random_below(1801));
    put(body, "token_type", "Bearer");
    put(body, "scope", granted_scope(flow.scope));
    put(body, "expires_in", expires_in);
    put(body, "ext_expires_in", expires_in);
    put(body, "access_token", random_token("EwB4", 900));
    if (has_scope(flow.scope, "offline_access"))
        put(body, "refresh_token", random_token("1.AXkA", 700));
    if (has_scope(flow.scope, "openid")) {
        const TokenOrder order{world.config, app_of(world, request), *user,
                               flow,         world.authority(),      world.faults.take_forgery()};
        const Result<std::string> token = make_id_token(order, world.keys, now.wall);
        if (!token)
            return fail(token.error().what);
        put(body, "id_token", *token);
    }
    if (request.form.get("client_info") == "1")
        put(body, "client_info",
            encode_base64url(R"({"uid":")" + user->oid + R"(","utid":")" + world.config.tenant +
                             R"("})"));
    return make_json_reply(200, body);
}

} // namespace

Reply answer_devicecode(World &world, const OauthRequest &request, Now now)
{
    if (auto refusal = refuse_request(world, request, {"client_id", "scope"}))
        return *std::move(refusal);
    const std::string claims = request.form.get("claims");
    if (!claims.empty() && !json_is_object(parse_json(claims).get()))
        return make_error_reply({400, "invalid_request", 9002341,
                                 "The 'claims' parameter is not a JSON object.", "", ""},
                                request.correlation_id);
    Flow flow;
    flow.scope = request.form.get("scope");
    if (!is_scope_list(flow.scope))
        return make_error_reply({400, "invalid_scope", 70011, "", "", ""}, request.correlation_id);
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
    put(body, "verification_uri", world.device_page());
    put(body, "expires_in", world.code_lifetime_s.load());
    put(body, "interval", world.interval_s.load());
    put(body, "message",
        "To sign in, use a web browser to open the page " + world.device_page() +
            " and enter the code " + flow.user_code + " to authenticate.");
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
    const auto flow = world.flows.redeem(device_code, tenant, app.client_id, now.boot);
    if (!flow)
        return refuse({400, "bad_verification_code", 70018, "", "", ""});
    if (flow->client_id != app.client_id || flow->tenant != tenant)
        return refuse({400, "invalid_grant", 70000,
                       "The device code was issued to another client or tenant.", "", ""});
    switch (flow->state) {
    case FlowState::redeemed:
        return refuse({400, "invalid_grant", 54005, "", "", ""});
    case FlowState::declined: // no number is known for this one
        return refuse({400, "authorization_declined", 0,
                       "The end user denied the authorization request.", "", ""});
    case FlowState::failed:
        return refuse(failure_of(*flow));
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
