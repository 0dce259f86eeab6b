// Text forms that the emulator reads and writes: forms, base64url, HTML.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

using Fields = std::map<std::string, std::string>;

struct Form {
    Fields fields;
    std::optional<std::string> duplicated; // a name that came twice; the first value is kept

    // The value, or empty where the field is absent.
    std::string get(const std::string &name) const;
};

// application/x-www-form-urlencoded; a broken percent escape stands for itself.
Form parse_form(std::string_view text);

std::string encode_base64url(std::string_view bytes); // without padding
std::string encode_base64(std::string_view bytes);    // with padding
// Nothing where it is not base64url without padding.
std::optional<std::string> decode_base64url(std::string_view text);

// Everything but unreserved characters (RFC 3986 section 2.3) as %XX.
std::string encode_percent(std::string_view text);

// "a,b": two of them.
std::vector<std::string> split_commas(std::string_view text);

// Text fit for an element's content and for an attribute in double quotes.
std::string escape_html(std::string_view text);

} // namespace jit::entra
