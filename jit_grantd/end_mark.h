// Tells the service manager that grants have ended: jit-leftovers.path watches a file that is
// closed once for all that end together. To watch the ledger's folder would start it at each grant
// as well, in the very moment in which somebody waits for systemd.
#pragma once

#include <string>

#include "lib/base/result.h"

namespace jit::grantd {

inline constexpr const char *end_mark = "ended"; // in /run/jit-grantd

//   run     /run/jit-grantd
//   errors  unavailable; jit-leftovers.timer comes by in any case
Result<void> mark_ends(const std::string &run);

} // namespace jit::grantd
