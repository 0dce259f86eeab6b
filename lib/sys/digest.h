// SHA-256, from OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace jit::sys {

// Lower-case hex, 64 characters. Error: internal, if the library refuses.
Result<std::string> sha256_hex(std::string_view bytes);

} // namespace jit::sys
