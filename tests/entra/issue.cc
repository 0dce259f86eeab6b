#include "tests/entra/issue.h"

#include "tests/entra/claims_request.h"
#include "tests/entra/oauth_checks.h"
#include "tests/entra/random.h"
#include "tests/entra/scopes.h"
#include "tests/entra/tokens.h"

namespace jit::entra {

namespace {

// What is granted of what was asked for, as it was written. Entra does not say offline_access back.
std::vector<std::string> granted_scopes(const App &app, const Flow &flow)
{
    const std::string graph = graph_resource(*flow.cloud);
    std::vector<std::string> granted;
    for (const std::string &scope : split_scopes(flow.scope)) {
        const bool is_free = resource_of(scope, graph).empty() || !app.consented_scopes;
        if (scope != "offline_access" &&
            (is_free || contains(*app.consented_scopes, permission_of(scope))))
            granted.push_back(scope);
    }
    return granted;
}

// How somebody signed in: an access token has the contexts that were asked for and whose policy is
// satisfied, and each of them takes a second factor. So does "p1", which asks for that alone.
SignIn sign_in_of(const Config &config, const User &user, const Flow &flow)
{
    SignIn sign_in;
    for (std::string &context : contexts_asked(flow.claims, "access_token"))
        if (!contains(config.unsatisfied_contexts, context))
            sign_in.contexts.push_back(std::move(context));
    sign_in.has_cp1 = declares_cp1(flow.claims);
    sign_in.has_mfa = user.has_mfa || !sign_in.contexts.empty() ||
                      contains(contexts_asked(flow.claims, "id_token"), "p1");
    return sign_in;
}

std::string issue_access_token(World &world, const User &user, const Flow &flow,
                               const std::vector<std::string> &granted, BootTime expires)
{
    const std::string graph = graph_resource(*flow.cloud);
    AccessToken token;
    token.user_oid = user.oid;
    token.sign_in = sign_in_of(world.config, user, flow);
    token.audience = common_resource(flow.scope, graph).value_or("");
    token.expires = expires;
    for (const std::string &scope : granted)
        if (!resource_of(scope, graph).empty())
            token.permissions.emplace_back(permission_of(scope));
    return world.access_tokens.add(std::move(token));
}

// The step-up that a policy wants of this person and the flow's claims did not ask for.
std::optional<Failure> missing_step_up(const User &user, const Flow &flow)
{
    if (user.step_up.empty() ||
        contains(contexts_asked(flow.claims, "access_token"), user.step_up) ||
        contains(contexts_asked(flow.claims, "id_token"), user.step_up))
        return std::nullopt;
    return Failure{"interaction_required", 50076, "basic_action", make_challenge(user.step_up)};
}

} // namespace

// 53003 comes with a claims challenge, a missing consent with its own suberror.
OauthError failure_of(const Failure &failure)
{
    OauthError error{400, failure.error, failure.aadsts, "", failure.suberror, failure.claims};
    if (failure.aadsts == 53003 && error.claims.empty()) {
        error.suberror = "message_only";
        error.claims = R"({"access_token":{"capolids":{"essential":true,"values":[")" +
                       random_guid() + R"("]}}})";
    } else if (failure.aadsts == 65001 && error.suberror.empty()) {
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
    if (const auto failure = missing_step_up(*user, flow)) {
        world.flows.fail(flow.device_code, *failure);
        return make_error_reply(failure_of(*failure), request.correlation_id);
    }
    const Json body{json_object()};
    const std::vector<std::string> granted = granted_scopes(app_of(world, request), flow);
    const long ordered = world.access_token_s;
    const long expires_in = ordered > 0 ? ordered : 3599 + static_cast<long>(random_below(1801));
    put(body, "token_type", "Bearer");
    put(body, "scope", join_scopes(granted));
    put(body, "expires_in", expires_in);
    put(body, "ext_expires_in", expires_in);
    const auto put_secret = [&](const char *name, const std::string &secret) {
        put(body, name, secret);
        world.secrets.add(secret);
    };
    put_secret("access_token", issue_access_token(world, *user, flow, granted,
                                                  now.boot + std::chrono::seconds{expires_in}));
    if (has_scope(flow.scope, "offline_access"))
        put_secret("refresh_token", random_token("1.AXkA", 700));
    if (has_scope(flow.scope, "openid")) {
        const TokenOrder order{world.config,
                               app_of(world, request),
                               *user,
                               flow,
                               world.authority(request.cloud),
                               world.faults.take_forgery(flow.user_code)};
        const Result<std::string> token = make_id_token(order, world.keys, now.wall);
        if (!token)
            return fail(token.error().what);
        put_secret("id_token", *token);
    }
    if (request.form.get("client_info") == "1")
        put(body, "client_info",
            encode_base64url(R"({"uid":")" + user->oid + R"(","utid":")" + world.config.tenant +
                             R"("})"));
    return make_json_reply(200, body);
}

} // namespace jit::entra
