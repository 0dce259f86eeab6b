// application/x-www-form-urlencoded bodies (URL Standard, section 5.2).
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "lib/base/secret.h"

namespace jit::oidc {

// Each pair as name=value, joined with '&'. Every byte but [A-Za-z0-9-._~] is percent-encoded, the
// space too: a provider that does not know '+' reads that as well. Values may be secret. One
// without a value is left out.
SecretString
encode_form(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);

} // namespace jit::oidc
