// One process at a time changes ledger and memberships: the service, an expiry and a reconcile may
// run side by side. There are two locks, taken in this order:
//
//   lock   of the ledger: held over its writes, which wait for a disk
//   gate   of the memberships: let go of as soon as those that end are gone. Who finds the first
//   one
//          taken takes what is due away with this one alone: what is due waits for no
//          disk.
#pragma once

#include <chrono>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace jit::grantd {

inline constexpr const char *ledger_lock = "lock";
inline constexpr const char *membership_lock = "gate";

// Takes RUN/NAME (made 0600). Held until the descriptor is closed, also by a crash.
//   patience  how long to wait for who holds it
//   errors    timed_out; unavailable
Result<Fd> take_lock(const std::string &run, std::chrono::milliseconds patience,
                     const char *name = ledger_lock);

} // namespace jit::grantd
