// One process at a time changes ledger and memberships: the service, an expiry and a reconcile may
// run side by side.
#pragma once

#include <chrono>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jit::grantd {

// Takes RUN/lock (made 0600). Held until the descriptor is closed, also by a crash.
//   patience  how long to wait for who holds it
//   errors    timed_out; unavailable
Result<Fd> take_lock(const std::string &run, std::chrono::milliseconds patience);

} // namespace jit::grantd
