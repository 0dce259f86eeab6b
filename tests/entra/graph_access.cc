#include "tests/entra/graph_access.h"

#include "lib/base/text.h"
#include "tests/entra/random.h"

namespace jit::entra {

namespace {

constexpr std::string_view scheme = "bearer ";
// Graph's own application id, the same in every tenant.
constexpr const char *graph_app = "00000003-0000-0000-c000-000000000000";

std::string bearer_of(const std::string &header)
{
    const bool is_bearer =
        header.size() > scheme.size() && to_lower(header.substr(0, scheme.size())) == scheme;
    return is_bearer ? header.substr(scheme.size()) : std::string{};
}

Reply refuse_token(const World &world, const GraphRequest &request, std::string text)
{
    Reply reply = make_graph_error(request, {401, "InvalidAuthenticationToken", std::move(text)});
    reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"\", authorization_uri=\"" +
                                                       world.authority(request.cloud) +
                                                       "/common/oauth2/authorize\", client_id=\"" +
                                                       graph_app + "\"");
    return reply;
}

} // namespace

Reply make_graph_error(const GraphRequest &request, const GraphError &error)
{
    std::string date = format_time(wall_time());
    date.pop_back(); // Graph's has no zone
    const std::string id = random_guid();
    Json inner{json_object()};
    put(inner, "date", date);
    put(inner, "request-id", id);
    put(inner, "client-request-id", request.correlation_id.empty() ? id : request.correlation_id);
    Json told{json_object()};
    put(told, "code", error.code);
    put(told, "message", error.text);
    put(told, "innerError", std::move(inner));
    const Json body{json_object()};
    put(body, "error", std::move(told));
    return make_json_reply(error.status, body);
}

std::optional<Reply> refuse_bearer(const World &world, const GraphRequest &request, Now now,
                                   AccessToken &token)
{
    const std::string bearer = bearer_of(request.authorization);
    if (bearer.empty())
        return refuse_token(world, request, "Access token is empty.");
    const auto found = world.access_tokens.find(bearer);
    if (!found)
        return refuse_token(world, request,
                            "CompactToken parsing failed with error code: 80049217");
    if (found->audience != graph_resource(request.cloud))
        return refuse_token(world, request, "Access token validation failure. Invalid audience.");
    if (now.boot >= found->expires)
        return refuse_token(world, request, "Lifetime validation failed, the token is expired.");
    token = *found;
    return std::nullopt;
}

std::string person_of(const World &world, const std::string &authorization)
{
    const auto token = world.access_tokens.find(bearer_of(authorization));
    return token ? token->user_oid : std::string{};
}

std::optional<Reply> refuse_permissions(const GraphRequest &request, const AccessToken &token)
{
    if ((token.has("User.Read") || token.has("User.ReadBasic.All")) &&
        token.has("GroupMember.Read.All"))
        return std::nullopt;
    return make_graph_error(request, {403, "Authorization_RequestDenied",
                                      "Insufficient privileges to complete the operation."});
}

} // namespace jit::entra
