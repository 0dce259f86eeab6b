// What users' homes have that lets somebody in or starts something. They are the users' own:
// whatever lies there, no link in it is followed and no file of it is opened.
#pragma once

#include <string>
#include <vector>

#include "jit_leftovers/traces.h"
#include "jit_leftovers/tree.h"
#include "lib/sys/local_accounts.h"

namespace jit::leftovers {

// Looks at keys that may come in by ssh, at units of the user's own, and at the home itself: one
// that was made is that of a new account.
// Homes on what the budget avoids are left out.
//   root    before each path; empty on a real host
void look_at_homes(const std::string &root, const std::vector<sys::LocalUser> &users,
                   Traces &traces, Budget &budget);

} // namespace jit::leftovers
