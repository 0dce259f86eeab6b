// SHA-256, and what is signed with it, from OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace jit::sys {

// Lower-case hex, 64 characters. Error: internal, if the library refuses.
Result<std::string> sha256_hex(std::string_view bytes);

// HMAC-SHA-256 (RFC 2104) in the same form. The key is not empty. Error: internal.
Result<std::string> hmac_sha256_hex(std::string_view key, std::string_view bytes);

} // namespace jit::sys
