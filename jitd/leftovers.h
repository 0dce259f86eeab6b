// What an ended grant has left behind, as jit-leftovers has reported it.
#pragma once

#include <string>

#include "lib/base/clock.h"
#include "lib/ipc/leftovers.h"

namespace jit::daemon {

// Reads FOLDER/ID.json. Without a report it is still to come, or, two days after the grant's last
// possible end, gone with root's ledger entry.
//   until  the grant's end, as it was to be
ipc::Leftovers read_leftovers(const std::string &folder, const std::string &id, WallTime until,
                              WallTime now);

} // namespace jit::daemon
