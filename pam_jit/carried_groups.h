// What su's new shell has of its caller's grant: carry, jit-policy(5).
#pragma once

#include "lib/ipc/reply_reader.h"

namespace jit::pam {

// Adds the groups to the supplementary ones of this process, which keeps all that it has.
//   returns  false: it has them not, nor lost any, and errno says why
bool add_groups(const ipc::GroupIds &groups);

} // namespace jit::pam
