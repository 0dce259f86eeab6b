// Addresses that stand in a configuration: plainer than a URL may be, so that nothing is hidden in
// one. No user, query, fragment, dot segment or IPv6 literal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jit::policy {

struct WebAddress {
    std::string scheme; // "https" or "http"
    std::string host;   // lower case, at most 253 bytes
    std::string port;   // 1 to 65535, without leading zeros; empty: none given
    std::string path;   // "" or from '/' on

    std::string authority() const { return port.empty() ? host : host + ':' + port; }
};

// "https://host[:port][/path]"; the scheme and the host must be in lower case.
std::optional<WebAddress> parse_web_address(std::string_view text);

// A host's name: labels of [a-z0-9-] (and '_'), joined by dots, at most 253 bytes.
bool is_host_name(std::string_view text);

} // namespace jit::policy
