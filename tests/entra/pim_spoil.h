// The faults that only PIM's replies have (faults.h).
#pragma once

#include <optional>

#include "tests/entra/faults.h"
#include "tests/entra/graph_error.h"
#include "tests/entra/reply.h"

namespace jit::entra {

// refuse, rules and acrs: the error that is given before anything is done.
std::optional<GraphError> pim_error_instead(const Kind &fault);

// other_group, other_person: somebody else's ids in the answer. after: it was done, and is not
// told.
void spoil_pim_reply(Reply &reply, const Kind &fault);

} // namespace jit::entra
