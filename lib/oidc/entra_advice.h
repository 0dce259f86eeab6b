// What Entra's AADSTS numbers mean to the person who waits. Microsoft says that numbers may change
// and are for messages only: nothing is decided by them.
#pragma once

#include <jansson.h>

namespace jit::oidc {

// The number of an error reply: error_codes[0], else "AADSTSnnnn" at the head of
// error_description; 0 when there is none, or it is not between 1 and 99999999.
int read_provider_code(const json_t *reply);

// One line, two sentences at most; null when the number is not in our table.
const char *advice_for(int provider_code);

} // namespace jit::oidc
