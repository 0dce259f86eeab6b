// Time zones of this host, from its tzdata.
#pragma once

#include <memory>
#include <string_view>

#include "lib/base/zone.h"

namespace jit::sys {

// Reads no environment and changes none: other threads may do so meanwhile.
//   name     as below /usr/share/zoneinfo, "Europe/Berlin": at most 64 letters, digits, '_', '+'
//   and
//            '-', with '/' between them
//   returns  null: no such zone here, or no tzdata; "UTC" is always known
std::shared_ptr<const Zone> find_zone(std::string_view name);

} // namespace jit::sys
