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
constexpr std::size_t max_credential_name_bytes = 255;

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

std::string read_application(TableReader &identity, std::string_view key, bool is_entra)
{
    const TomlNode *client = identity.text(key);
    if (client == nullptr)
        return {};
    const bool is_fit =
        is_entra ? is_guid(client->text) : is_printable(client->text, max_client_id_bytes);
    if (!is_fit)
        identity.faults().error(client->place,
                                std::string{key} + ": " + in_quotes(client->text) +
                                    (is_entra ? " is no application id, expected a GUID"
                                              : " is not fit, expected printable characters "
                                                "without spaces"));
    return is_entra ? to_lower(client->text) : client->text;
}

void read_clients(TableReader &identity, Config &config)
{
    if (identity.require("client_id", "the application's id"))
        config.client_id = read_application(identity, "client_id", config.is_entra);
    config.approver_client_id = read_application(identity, "approver_client_id", config.is_entra);
    // A token's `aud` is all that keeps a sign-in from counting as somebody's approval.
    if (!config.client_id.empty() && config.approver_client_id == config.client_id)
        identity.faults().error(identity.find("approver_client_id")->place,
                                "approver_client_id: is client_id again, expected a second "
                                "registration, since a sign-in to ask must not be one to approve");
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

bool is_path(std::string_view text)
{
    return text.starts_with('/') && text.size() <= max_path_bytes &&
           safe_text(text, max_path_bytes) == text;
}

// What systemd takes for the name of a credential (systemd.exec(5), LoadCredential=) is a file's;
// this is the part of it that needs no quotes in a unit file.
bool is_credential_name(std::string_view text)
{
    return text.size() <= max_credential_name_bytes && text.find('@') == text.npos &&
           is_name("_" + std::string{text}) && text.find_first_not_of('.') != text.npos;
}

void read_certificate(TableReader &identity, Config &config)
{
    Faults &faults = identity.faults();
    if (identity.require("certificate", "the host's certificate, such as certificate = "
                                        "\"/etc/jit/host.pem\""))
        if (const TomlNode *file = identity.text("certificate")) {
            if (!is_path(file->text))
                faults.error(file->place, "certificate: " + in_quotes(file->text) +
                                              " is not fit, expected an absolute path");
            config.certificate = file->text;
        }
    if (identity.require("key", "its key, such as key = \"host-key\""))
        if (const TomlNode *key = identity.text("key")) {
            if (!is_path(key->text) && !is_credential_name(key->text))
                faults.error(key->place, "key: " + in_quotes(key->text) +
                                             " is not fit, expected an absolute path, or the name "
                                             "of a systemd credential such as \"host-key\"");
            config.key = key->text;
        }
}

// By what the host itself signs in, which nobody's sign-in depends on.
void read_credential(TableReader &identity, Config &config)
{
    using Credential = Config::Credential;
    Faults &faults = identity.faults();
    const auto kind = identity.choice("credential", {"none", "certificate", "imds", "arc"}, {});
    if (kind == "certificate")
        config.credential = Credential::certificate;
    else if (kind == "imds")
        config.credential = Credential::imds;
    else if (kind == "arc")
        config.credential = Credential::arc;
    if (config.credential != Credential::none && !config.is_entra)
        faults.error(identity.find("credential")->place,
                     "credential: " + in_quotes(*kind) +
                         " is for Entra alone, expected \"none\" with issuer");
    const bool is_known = kind.has_value() || !identity.has("credential");
    if (config.credential == Credential::certificate)
        return read_certificate(identity, config);
    for (const std::string_view key : {"certificate", "key"})
        if (const TomlNode *const node = identity.find(key); node != nullptr && is_known)
            faults.error(node->key_place, std::string{key} + ": has no meaning without credential, "
                                                             "expected credential = "
                                                             "\"certificate\"");
}

void read_transport(TableReader &identity, Config &config)
{
    Faults &faults = identity.faults();
    if (const TomlNode *file = identity.text("ca_file")) {
        const std::string_view path = file->text;
        if (!is_path(path))
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
    read_clients(identity, config);
    read_scopes(identity, config);
    read_transport(identity, config);
    read_credential(identity, config);
}

} // namespace jit::policy
