// Random names, from the kernel.
#pragma once

#include <string>

#include "lib/base/result.h"

namespace jit::sys {

// 16 lower-case hex digits (is_id).
Result<std::string> make_id();

// A version 4 GUID in lower case (RFC 4122 section 4.4).
Result<std::string> make_guid();

} // namespace jit::sys
