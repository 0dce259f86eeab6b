// What a user is told at his terminals of a grant: how long it lasts, or that it has ended. In a
// process of its own (jit-tell@ID.service), which may write to terminals and to nothing else.
#pragma once

#include <string>

#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"

namespace jit::grantd {

// One line, without a newline.
std::string describe_standing(const Entry &entry, const Now &now);

// Tells the user of a grant. Takes no lock. Errors: not_found; unavailable.
Result<void> tell(const Places &places, Disk &disk, const std::string &id, const Now &now);

} // namespace jit::grantd
