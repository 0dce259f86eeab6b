// The claims parameter (OpenID Connect Core section 5.5), as far as the emulator reads it: which
// authentication contexts somebody asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

// Absent, or a JSON object.
bool is_claims_request(std::string_view claims);

// Whether both ask the same, or neither asks anything; spaces and the order of members are nothing.
bool is_same_request(std::string_view one, std::string_view other);

// The values of `acrs` asked for in a token; a claims parameter that is none asks for none.
//   token   "id_token" or "access_token"
std::vector<std::string> contexts_asked(std::string_view claims, const char *token);

// Whether the client says in it that it understands claims challenges: xms_cc with cp1.
bool declares_cp1(std::string_view claims);

// What an API or /token says of a context that it wants: a claims parameter to send with the next
// sign-in.
std::string make_challenge(std::string_view context);

} // namespace jit::entra
