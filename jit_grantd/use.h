// What root's ledger says of a role's use: the limits of the policy are counted here, whatever jitd
// says, and outlive both daemons.
#pragma once

#include <optional>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "jit_grantd/outside.h"
#include "policy/use.h"

namespace jit::grantd {

// A person is who has one of the two: several local users of one person share a budget, and so do
// several people who come as one user, unless that is what the role is for.
struct Who {
    std::optional<uid_t> uid; // absent: the account is shared, and says nothing
    std::string_view oid;
};

//   entries  of the whole ledger; what was taken back as soon as it was made counts for none
policy::Use count_use(const std::vector<Entry> &entries, std::string_view role, const Who &who,
                      WallTime now);

} // namespace jit::grantd
