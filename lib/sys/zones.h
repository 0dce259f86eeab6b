// Time zones of this host, from its tzdata by the C library.
#pragma once

#include <memory>
#include <string_view>

#include "lib/base/zone.h"

namespace jit::sys {

// The changes from 2020 to 2050; before and after those the offset stays as it was. For the only
// thread of a program: the C library's zone is another meanwhile (tzset(3)).
//   name     as below /usr/share/zoneinfo, "Europe/Berlin"; at most 64 letters, digits, '_', '+',
//   '-'
//            and '/' between them
//   returns  null: no such zone here, or no tzdata; "UTC" is always known
std::shared_ptr<const Zone> find_zone(std::string_view name);

} // namespace jit::sys
