// base64url without padding (RFC 4648 section 5), read strictly: one text for each byte string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jit::oidc {

// Nothing for a foreign character, padding, an impossible length, or bits left over that are not
// zero. The empty text is the empty string.
std::optional<std::string> decode_base64url(std::string_view text);

std::string encode_base64url(std::string_view bytes);

} // namespace jit::oidc
