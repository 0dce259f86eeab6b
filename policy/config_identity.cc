// [identity] of jitd.toml.
#include <algorithm>

#include "lib/base/text.h"
#include "policy/config_reader.h"
#include "policy/web_address.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_client_id_bytes = 256;
constexpr std::size_t max_scope_bytes = 256;
constexpr std::size_t max_scopes = 32;
constexpr std::size_t max_path_bytes = 4096;

struct Cloud {
    std::string_view name;
    std::string_view authority;
    std::vector<std::string> verification_hosts;
    std::vector<std::string> graph_hosts; // the usual one first
};

Cloud cloud_of(std::string_view name)
{
    if (name == "usgov")
        return {"usgov",
                "login.microsoftonline.us",
                {"microsoft.com"},
                {"graph.microsoft.us", "dod-graph.microsoft.us"}};
    if (name == "china")
        return {"china",
                "login.partner.microsoftonline.cn",
                {"login.partner.microsoftonline.cn"},
                {"microsoftgraph.chinacloudapi.cn"}};
    return {"public",
            "login.microsoftonline.com",
            {"login.microsoft.com", "microsoft.com", "www.microsoft.com"},
            {"graph.microsoft.com"}};
}

bool is_printable(std::string_view text, std::size_t max_bytes)
{
    return !text.empty() && text.size() <= max_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

void read_tenant(TableReader &identity, Config &config)
{
    const auto name = identity.choice("cloud", {"public", "usgov", "china"}, {});
    const TomlNode *tenant = identity.text("tenant");
    if (tenant == nullptr)
        return;
    if (!is_guid(tenant->text)) {
        identity.faults().error(tenant->place,
                                "tenant: " + in_quotes(tenant->text) +
                                    " is no tenant id, expected a GUID: names can move to another "
                                    "tenant, and common, organizations and consumers let every "
                                    "tenant in");
        return;
    }
    const Cloud cloud = cloud_of(name.value_or("public"));
    config.tenant = to_lower(tenant->text);
    config.authority_host = cloud.authority;
    config.issuer = "https://" + config.authority_host + '/' + config.tenant + "/v2.0";
    config.discovery_url = config.issuer + "/.well-known/openid-configuration";
    config.verification_hosts = cloud.verification_hosts;
    config.graph_hosts = cloud.graph_hosts;
}

void read_issuer(TableReader &identity, Config &config)
{
    if (const TomlNode *cloud = identity.find("cloud"))
        identity.faults().warning(cloud->key_place, "cloud: has no meaning with issuer");
    const TomlNode *issuer = identity.text("issuer");
    if (issuer == nullptr)
        return;
    const auto address = parse_web_address(issuer->text);
    if (!address || address->scheme != "https") {
        identity.faults().error(issuer->place,
                                "issuer: " + in_quotes(issuer->text) +
                                    " is not fit, expected https://HOST[:PORT][/PATH]"
                                    " in lower case, without user, query or fragment");
        return;
    }
    config.issuer = issuer->text;
    config.authority_host = address->authority();
    // OpenID Connect Discovery 1.0, section 4: a slash at the end goes before the path is added.
    std::string_view base = config.issuer;
    base.remove_suffix(base.ends_with('/') ? 1 : 0);
    config.discovery_url = std::string{base} + "/.well-known/openid-configuration";
    config.verification_hosts = {address->host};
    if (!address->port.empty())
        config.verification_hosts.push_back(address->authority());
}

void read_client(TableReader &identity, Config &config)
{
    if (!identity.require("client_id", "the application's id"))
        return;
    const TomlNode *client = identity.text("client_id");
    if (client == nullptr)
        return;
    const bool is_fit =
        config.is_entra ? is_guid(client->text) : is_printable(client->text, max_client_id_bytes);
    if (!is_fit)
        identity.faults().error(client->place,
                                "client_id: " + in_quotes(client->text) +
                                    (config.is_entra ? " is no application id, expected a GUID"
                                                     : " is not fit, expected printable characters "
                                                       "without spaces"));
    config.client_id = config.is_entra ? to_lower(client->text) : client->text;
}

// RFC 6749 section 3.3: printable, without space, quote and backslash.
bool is_scope(std::string_view text)
{
    return is_printable(text, max_scope_bytes) && text.find_first_of("\"\\") == text.npos;
}

void read_scopes(TableReader &identity, Config &config)
{
    const auto entries = identity.texts("scopes");
    if (!entries)
        return;
    const Place place = identity.find("scopes")->place;
    Faults &faults = identity.faults();
    config.scopes.clear();
    if (entries->size() > max_scopes)
        faults.error(place, "scopes: more than 32 entries");
    for (const TomlNode *entry : *entries) {
        if (!is_scope(entry->text))
            faults.error(entry->place, "scopes: " + in_quotes(entry->text) +
                                           " is no scope, expected printable characters without "
                                           "spaces");
        else if (entry->text == "offline_access")
            faults.error(entry->place, "scopes: \"offline_access\" asks for a refresh token, which "
                                       "is never wanted here: leave it out");
        else
            config.scopes.push_back(entry->text);
    }
    if (std::find(config.scopes.begin(), config.scopes.end(), "openid") == config.scopes.end())
        faults.error(place, "scopes: \"openid\" is missing, without it there is no ID token");
}

void read_transport(TableReader &identity, Config &config)
{
    Faults &faults = identity.faults();
    if (const TomlNode *file = identity.text("ca_file")) {
        const std::string_view path = file->text;
        const bool is_fit = path.starts_with('/') && path.size() <= max_path_bytes &&
                            safe_text(path, max_path_bytes) == path;
        if (!is_fit)
            faults.error(file->place, "ca_file: " + in_quotes(path) +
                                          " is not fit, expected an "
                                          "absolute path");
        config.ca_file = path;
    }
    if (const TomlNode *proxy = identity.text("proxy")) {
        const auto address = parse_web_address(proxy->text);
        if (!address || !(address->path.empty() || address->path == "/"))
            faults.error(proxy->place, "proxy: " + in_quotes(proxy->text) +
                                           " is not fit, expected http://HOST[:PORT] in lower "
                                           "case, without user or path");
        else
            config.proxy = address->scheme + "://" + address->authority();
    }
    config.skew = identity.duration("skew", 0s, 300s).value_or(config.skew);
    config.timeout = identity.duration("timeout", 1s, 60s).value_or(config.timeout);
}

} // namespace

void read_identity(TableReader &identity, Config &config)
{
    const bool has_tenant = identity.has("tenant");
    const bool has_issuer = identity.has("issuer");
    config.is_entra = !has_issuer;
    if (has_tenant && has_issuer)
        identity.faults().error(identity.find("issuer")->key_place,
                                "issuer: excludes tenant, expected one of them");
    else if (!has_issuer)
        (void)identity.require("tenant", "the tenant's id (a GUID), or issuer");
    if (has_issuer)
        read_issuer(identity, config);
    else
        read_tenant(identity, config);
    read_client(identity, config);
    read_scopes(identity, config);
    read_transport(identity, config);
    (void)identity.choice("credential", {"none"}, {"certificate", "imds", "arc"});
    identity.refuse({"approver_client_id", "certificate", "key"});
}

} // namespace jit::policy
