// What of the host's group file is jit's own doing: no standing membership.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jit_grantd/outside.h"

namespace jit::grantd {

// Whether a membership in the group file may be the entry's doing: made for it, and not ended, or
// ended so lately that a program which had read the file before may have written it back.
bool may_have_made(const Entry &entry, std::string_view user, std::string_view group, WallTime now);
// Whether it ended so lately.
bool has_just_ended(const Entry &entry, WallTime now);

// Those of a user's groups in the file that he has without jit.
std::vector<std::string> standing_groups(std::vector<std::string> groups, std::string_view user,
                                         const std::vector<Entry> &entries, WallTime now);

} // namespace jit::grantd
