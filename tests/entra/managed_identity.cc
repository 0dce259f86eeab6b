#include "tests/entra/managed_identity.h"

#include "lib/base/text.h"
#include "tests/entra/client_credentials.h"

namespace jit::entra {

namespace {

constexpr std::string_view token_path = "/metadata/identity/oauth2/token";
constexpr long lifetime_s = 86399;

Reply refuse(int status, const char *error, const std::string &text)
{
    const Json body{json_object()};
    put(body, "error", error);
    put(body, "error_description", text);
    return make_json_reply(status, body);
}

// What both look at before anything else.
std::optional<Reply> refuse_form(const MachineRequest &request, std::string_view version)
{
    if (request.path != token_path)
        return refuse(404, "not_found", "There is no such endpoint.");
    if (request.method != "GET")
        return refuse(405, "method_not_allowed", "Only GET is allowed.");
    if (request.is_forwarded)
        return refuse(400, "invalid_request", "X-Forwarded-For must not be there.");
    if (to_lower(request.metadata) != "true")
        return refuse(400, "invalid_request", "Required metadata header not specified");
    if (request.query.get("api-version") != version)
        return refuse(400, "invalid_request",
                      "api-version was not specified, or is not one that is served: use " +
                          std::string{version});
    if (request.query.get("resource").empty())
        return refuse(400, "invalid_request", "Required query variable 'resource' is missing");
    return std::nullopt;
}

Reply issue(World &world, const MachineRequest &request, Now now)
{
    const ManagedIdentity &identity = world.config.identity;
    const std::string asked = to_lower(request.query.get("client_id"));
    if (identity.client_id.empty() || (!asked.empty() && asked != identity.client_id))
        return refuse(400, "invalid_request", "Identity not found");
    std::string resource = request.query.get("resource");
    constexpr std::string_view https = "https://";
    std::string host = resource.starts_with(https) ? resource.substr(https.size()) : "";
    if (host.ends_with('/'))
        host.pop_back();
    const Cloud *cloud = find_cloud_of_graph(host);
    if (cloud == nullptr)
        return refuse(400, "invalid_resource",
                      "AADSTS500011: The resource principal named " + resource +
                          " was not found in the tenant.");
    const ApplicationToken token = issue_application_token(
        world, *cloud, world.host_credentials.permissions(), lifetime_s, now);
    const long begin = static_cast<long>(now.wall.time_since_epoch().count());
    const Json body{json_object()}; // its numbers are texts
    put(body, "access_token", token.text);
    put(body, "client_id", identity.client_id);
    put(body, "expires_in", std::to_string(token.expires_in));
    put(body, "expires_on", std::to_string(begin + token.expires_in));
    put(body, "ext_expires_in", std::to_string(token.expires_in));
    put(body, "not_before", std::to_string(begin - 300));
    put(body, "resource", resource);
    put(body, "token_type", "Bearer");
    return make_json_reply(200, body);
}

Reply challenge(World &world, const std::optional<Kind> &fault)
{
    const bool is_big = fault && fault->name == "big_key";
    std::string file = world.arc_keys.make(is_big);
    if (file.empty())
        return refuse(500, "server_error", "The key file could not be written.");
    if (fault && fault->name == "realm") // a path may have colons
        file = fault->first + (fault->second.empty() ? "" : ":" + fault->second);
    Reply reply = refuse(401, "unauthorized_client", "The request has no Authorization header");
    reply.headers.emplace_back("WWW-Authenticate", "Basic realm=" + file);
    return reply;
}

} // namespace

Reply answer_imds(World &world, const MachineRequest &request, Now now)
{
    if (auto refusal = refuse_form(request, "2018-02-01"))
        return *std::move(refusal);
    return issue(world, request, now);
}

Reply answer_arc(World &world, const MachineRequest &request, Now now,
                 const std::optional<Kind> &fault)
{
    if (auto refusal = refuse_form(request, "2020-06-01"))
        return *std::move(refusal);
    constexpr std::string_view scheme = "Basic ";
    const std::string &header = request.authorization;
    if (!header.starts_with(scheme) || !world.arc_keys.use(header.substr(scheme.size())))
        return challenge(world, fault);
    return issue(world, request, now);
}

} // namespace jit::entra
