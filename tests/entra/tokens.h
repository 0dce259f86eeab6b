// ID tokens as Entra makes them for version 2.0, and forged ones for those who should notice.
#pragma once

#include <optional>
#include <string>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "tests/entra/config.h"
#include "tests/entra/faults.h"
#include "tests/entra/flows.h"
#include "tests/entra/keys.h"

namespace jit::entra {

struct TokenOrder {
    const Config &config;
    const App &app;
    const User &user;
    const Flow &flow;
    std::string base;            // the authority, without a slash at its end
    std::optional<Kind> forgery; // what is to be wrong with it
};

// The compact serialization.
//   errors  bad_input: the forgery's JSON is none; internal: OpenSSL failed
Result<std::string> make_id_token(const TokenOrder &order, const KeyRing &keys, WallTime now);

} // namespace jit::entra
