#include "tests/entra/oauth.h"

#include "lib/base/text.h"
#include "tests/entra/oauth_checks.h"

namespace jit::entra {

namespace {

bool is_template_tenant(const std::string &tenant)
{
    return tenant == "organizations" || tenant == "common";
}

bool is_known_tenant(const World &world, const std::string &tenant)
{
    const std::string wanted = to_lower(tenant);
    return wanted == world.config.tenant || contains(world.config.other_tenants, wanted);
}

void allow_caching(Reply &reply)
{
    reply.headers = {{"Cache-Control", "max-age=86400, private"}};
}

} // namespace

std::string find_endpoint(std::string_view path, std::string &tenant)
{
    if (path.size() < 2 || path.front() != '/')
        return "";
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    tenant = path.substr(0, end);
    path.remove_prefix(end);
    if (path == "/v2.0/.well-known/openid-configuration")
        return "discovery";
    if (path == "/discovery/v2.0/keys")
        return "keys";
    if (path == "/oauth2/v2.0/devicecode")
        return "devicecode";
    if (path == "/oauth2/v2.0/token")
        return "token";
    return "";
}

Reply answer_discovery(const World &world, const OauthRequest &request)
{
    const bool is_template = is_template_tenant(request.tenant);
    if (!is_template && !is_known_tenant(world, request.tenant))
        return refuse_tenant(request, "invalid_tenant");
    const std::string tenant = is_template ? request.tenant : to_lower(request.tenant);
    const std::string base = world.authority(request.cloud);
    const std::string root = base + "/" + tenant;
    const Json body = parse_json(R"({
        "token_endpoint_auth_methods_supported":
            ["client_secret_post","private_key_jwt","client_secret_basic","self_signed_tls_client_auth"],
        "response_modes_supported": ["query","fragment","form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code","id_token","code id_token","id_token token"],
        "scopes_supported": ["openid","profile","email","offline_access"],
        "request_uri_parameter_supported": false,
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "claims_supported": ["sub","iss","cloud_instance_name","cloud_instance_host_name",
            "cloud_graph_host_name","msgraph_host","aud","exp","iat","auth_time","acr","nonce",
            "preferred_username","name","tid","ver","at_hash","c_hash","email"],
        "cloud_graph_host_name": "graph.windows.net",
        "rbac_url": "https://pas.windows.net"})");
    put(body, "userinfo_endpoint", world.site(request.cloud.graph_host) + "/oidc/userinfo");
    put(body, "tenant_region_scope", request.cloud.region_scope);
    put(body, "cloud_instance_name", request.cloud.instance_name);
    put(body, "msgraph_host", request.cloud.graph_host);
    put(body, "issuer", base + "/" + (is_template ? "{tenantid}" : tenant) + "/v2.0");
    put(body, "authorization_endpoint", root + "/oauth2/v2.0/authorize");
    put(body, "token_endpoint", root + "/oauth2/v2.0/token");
    put(body, "device_authorization_endpoint", root + "/oauth2/v2.0/devicecode");
    put(body, "end_session_endpoint", root + "/oauth2/v2.0/logout");
    put(body, "jwks_uri", root + "/discovery/v2.0/keys");
    Reply reply = make_json_reply(200, body);
    allow_caching(reply);
    return reply;
}

Reply answer_keys(const World &world, const OauthRequest &request)
{
    if (!is_template_tenant(request.tenant) && !is_known_tenant(world, request.tenant))
        return refuse_tenant(request, "invalid_tenant");
    Json keys{json_array()};
    for (const SharedKey &key : world.keys.published()) {
        const Json row{json_object()};
        put(row, "kty", "RSA");
        put(row, "use", "sig");
        put(row, "kid", key->kid);
        put(row, "x5t", key->kid);
        put(row, "n", key->n);
        put(row, "e", key->e);
        Json chain{json_array()};
        json_array_append_new(chain.get(), json_text(key->x5c).release());
        put(row, "x5c", std::move(chain));
        put(row, "cloud_instance_name", request.cloud.instance_name);
        put(row, "issuer", world.authority(request.cloud) + key->issuer_path);
        json_array_append(keys.get(), row.get());
    }
    const Json body{json_object()};
    put(body, "keys", std::move(keys));
    Reply reply = make_json_reply(200, body);
    allow_caching(reply);
    return reply;
}

} // namespace jit::entra
