// What a fault makes of a reply. Forged tokens are in tokens.h, faults on the wire in wire.h.
#pragma once

#include <optional>

#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace jit::entra {

// The reply that is given in the endpoint's place, if the fault is of that sort.
//   correlation_id   the client's own, or empty
std::optional<Reply> reply_instead(const World &world, const std::string &correlation_id,
                                   const Kind &fault);

// Changes a JSON reply as set, unset and wrong_types say; other faults change nothing.
void spoil_reply(Reply &reply, const Kind &fault);

} // namespace jit::entra
