// Where a call comes from, as far as root's programs tell: what may join a request, or have what
// was approved for it.
#pragma once

#include <optional>

#include "jitd/request_facts.h"
#include "lib/ipc/elevation.h"

namespace jit::daemon {

// Of a login over ssh: the keys and methods that have proven who is there, and the address it comes
// from; where nothing has, this very connection. Absent: not over ssh, or no digest could be made.
std::optional<Origin> origin_of(const ipc::CheckCall &call);
std::optional<Origin> origin_of(const ipc::RequestCall &call);

} // namespace jit::daemon
