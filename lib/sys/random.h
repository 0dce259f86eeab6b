// Random names and bytes, from the kernel.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "lib/base/result.h"

namespace jit::sys {

// 16 lower-case hex digits (is_id).
Result<std::string> make_id();

Result<std::array<std::uint8_t, 8>> make_bytes();

// A version 4 GUID in lower case (RFC 4122 section 4.4).
Result<std::string> make_guid();

} // namespace jit::sys
