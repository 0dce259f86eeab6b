// The program as a client of a running emulator's control endpoint, for hosts without curl.
#pragma once

#include <string>
#include <vector>

#include "tests/entra/server.h"

namespace jit::entra {

// Posts `name=value` fields to a verb and prints the JSON reply.
//   returns  the exit status: 0 done, 1 refused, 2 a field is malformed, 3 nobody answered
int ask_control(const Address &address, const std::string &verb,
                const std::vector<std::string> &fields);

} // namespace jit::entra
