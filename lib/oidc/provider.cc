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

} // namespace

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
    if (!issuer || *issuer != expected.issuer)
        return Error{Code::bad_input, "the provider names another issuer"};

    const auto device = text_member(document, "device_authorization_endpoint");
    const auto token = text_member(document, "token_endpoint");
    const auto keys = text_member(document, "jwks_uri");
    if (!device)
        return Error{Code::bad_input, "the provider has no device authorization endpoint"};
    if (!token || !keys)
        return Error{Code::bad_input, "the provider's configuration lacks an endpoint"};
    for (const std::string_view uri : {*device, *token, *keys})
        if (!is_endpoint(uri, expected))
            return Error{Code::bad_input, "an endpoint is not https on the provider's own host"};
    return Provider{std::string{*device}, std::string{*token}, std::string{*keys}};
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
