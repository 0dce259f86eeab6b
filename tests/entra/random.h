// Identifiers that nobody can guess, in the shapes that Entra gives them.
#pragma once

#include <cstdint>
#include <string>

namespace jit::entra {

std::string random_bytes(std::size_t count);
std::uint32_t random_below(std::uint32_t bound); // bound > 0

std::string random_guid();      // RFC 4122 version 4, lower case
std::string random_user_code(); // nine upper-case letters and digits
// An opaque token: `prefix`, then base64url of `bytes` random bytes.
std::string random_token(const std::string &prefix, std::size_t bytes);

} // namespace jit::entra
