// What every verb of the control endpoint reads and says.
#pragma once

#include <optional>

#include "tests/entra/encode.h"
#include "tests/entra/reply.h"

namespace jit::entra {

// A reply with `ok`, which carries no noise: scripts read it with simple means.
Reply say(int status, const Json &body);
Reply complain(int status, std::string_view why);
Reply say_done();

// A field's number; nothing where it is none.
std::optional<long> number_of(const Form &form, const char *name, long otherwise);
// A field's true or false; nothing where it is neither.
std::optional<bool> flag_of(const Form &form, const char *name, bool otherwise);

} // namespace jit::entra
