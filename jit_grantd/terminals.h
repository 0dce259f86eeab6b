// The terminals that a user sits at.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

namespace jit::grantd {

// Writes a line to each terminal below the folder (pts/N, ttyN, ttySN) that belongs to the user,
// whether or not he takes messages (mesg(1)): it is about rights of his own. What does not take it
// at once is left out.
//   devices  "/dev"
void tell_terminals(const std::string &devices, uid_t uid, std::string_view line);

} // namespace jit::grantd
