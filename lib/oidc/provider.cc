#include "lib/oidc/provider.h"

#include <algorithm>

#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::string_view https = "https://";
constexpr std::size_t max_endpoint_bytes = 2048;
constexpr std::size_t max_shown_bytes = 200;

// A URI as bytes that can be sent and shown: printable ASCII without what RFC 3986 excludes. The
// backslash is among that: browsers read it as a slash, so it could hide where the host ends.
bool is_plain_uri(std::string_view uri)
{
    return std::all_of(uri.begin(), uri.end(), [](char c) {
        return c > ' ' && c < '\x7f' &&
               std::string_view{"\"<>\\^`{|}"}.find(c) == std::string_view::npos;
    });
}

// host[:port] of an https URI; empty when it is not one.
std::string_view authority_of(std::string_view uri)
{
    if (!uri.starts_with(https) || !is_plain_uri(uri))
        return {};
    uri.remove_prefix(https.size());
    return uri.substr(0, uri.find_first_of("/?#"));
}

// Equality leaves no room for a user part or another port.
bool is_endpoint(std::string_view uri, const Expectations &expected)
{
    return uri.size() <= max_endpoint_bytes && !expected.authority_host.empty() &&
           authority_of(uri) == expected.authority_host && uri.find('#') == uri.npos &&
           uri.substr(https.size() + expected.authority_host.size()).starts_with('/');
}

// Which of the known places the document names, else the usual one.
std::string choose_graph_host(const json_t *document, const Expectations &expected)
{
    const auto &known = expected.graph_hosts;
    const auto named =
        std::find(known.begin(), known.end(), text_member(document, "msgraph_host").value_or(""));
    if (named != known.end())
        return *named;
    return known.empty() ? std::string{} : known.front();
}

} // namespace

bool is_issuer(std::string_view named, const Expectations &expected)
{
    constexpr std::string_view mark = "{tenantid}";
    std::string issuer{named};
    if (const std::size_t at = issuer.find(mark); expected.is_entra && at != std::string::npos)
        issuer.replace(at, mark.size(), expected.tenant);
    return !expected.issuer.empty() && issuer == expected.issuer;
}

bool asks_for_graph(const Expectations &expected, const Provider &provider)
{
    const std::string prefix = std::string{https} + provider.graph_host + "/";
    return !provider.graph_host.empty() &&
           std::any_of(expected.scopes.begin(), expected.scopes.end(),
                       [&](const std::string &scope) { return scope.starts_with(prefix); });
}

HttpRequest make_discovery_request(const Expectations &expected)
{
    HttpRequest request;
    request.url = expected.discovery_url;
    return request;
}

Result<Provider> read_discovery_reply(const Expectations &expected, const HttpReply &reply)
{
    const auto parsed =
        TRY(read_document(reply, "the provider's configuration could not be fetched",
                          "the provider's configuration is not a JSON object"));
    const json_t *document = parsed.get();
    const auto issuer = text_member(document, "issuer");
    if (!issuer || !is_issuer(*issuer, expected))
        return Error{Code::denied, "the provider names another issuer"};

    const auto device = text_member(document, "device_authorization_endpoint");
    const auto token = text_member(document, "token_endpoint");
    const auto keys = text_member(document, "jwks_uri");
    if (!device)
        return Error{Code::denied, "the provider has no device authorization endpoint"};
    if (!token || !keys)
        return Error{Code::denied, "the provider's configuration lacks an endpoint"};
    for (const std::string_view uri : {*device, *token, *keys})
        if (!is_endpoint(uri, expected))
            return Error{Code::denied, "an endpoint is not https on the provider's own host"};
    return Provider{std::string{*device}, std::string{*token}, std::string{*keys},
                    choose_graph_host(document, expected)};
}

bool is_showable_uri(const Expectations &expected, std::string_view uri)
{
    if (uri.size() > max_shown_bytes)
        return false;
    const std::string_view authority = authority_of(uri);
    return !authority.empty() &&
           std::find(expected.verification_hosts.begin(), expected.verification_hosts.end(),
                     authority) != expected.verification_hosts.end();
}

} // namespace jit::oidc
