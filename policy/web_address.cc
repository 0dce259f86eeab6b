#include "policy/web_address.h"

#include <algorithm>

namespace jit::policy {

namespace {

constexpr std::size_t max_address_bytes = 1024;

bool is_small_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_port(std::string_view text)
{
    if (text.empty() || text.size() > 5 || text[0] == '0')
        return false;
    unsigned value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value <= 65535;
}

bool is_path(std::string_view text)
{
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
        return is_small_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' || c == '_' ||
               c == '.' || c == '~' || c == '%';
    });
    return is_plain && text.find("/.") == std::string_view::npos &&
           text.find("//") == std::string_view::npos;
}

} // namespace

bool is_host_name(std::string_view text)
{
    if (text.empty() || text.size() > 253)
        return false;
    char before = '.';
    for (const char c : text) {
        if (!is_small_or_digit(c) && c != '-' && c != '.' && c != '_')
            return false;
        if (c == '.' && before == '.')
            return false;
        before = c;
    }
    return before != '.';
}

std::optional<WebAddress> parse_web_address(std::string_view text)
{
    WebAddress out;
    if (text.size() > max_address_bytes)
        return std::nullopt;
    for (const std::string_view scheme : {"https", "http"})
        if (text.starts_with(scheme) && text.substr(scheme.size()).starts_with("://"))
            out.scheme = scheme;
    if (out.scheme.empty())
        return std::nullopt;
    text.remove_prefix(out.scheme.size() + 3);

    const std::size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    if (slash != std::string_view::npos)
        out.path = text.substr(slash);
    if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
        out.port = authority.substr(colon + 1);
        authority = authority.substr(0, colon);
        if (!is_port(out.port))
            return std::nullopt;
    }
    out.host = authority;
    if (!is_host_name(out.host) || !is_path(out.path))
        return std::nullopt;
    return out;
}

} // namespace jit::policy
