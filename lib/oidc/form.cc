#include "lib/oidc/form.h"

#include <string>

namespace jit::oidc {

namespace {

bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string &out, std::string_view text)
{
    constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_plain(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

} // namespace

SecretString encode_form(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs)
{
    // Reserved for the worst case, so that growing leaves no copy of a secret behind.
    std::size_t bytes = 0;
    for (const auto &[name, value] : pairs)
        bytes += 3 * (name.size() + value.size()) + 2;
    std::string out;
    out.reserve(bytes);
    for (const auto &[name, value] : pairs) {
        if (value.empty())
            continue;
        if (!out.empty())
            out += '&';
        append_encoded(out, name);
        out += '=';
        append_encoded(out, value);
    }
    return SecretString::take(out);
}

} // namespace jit::oidc
