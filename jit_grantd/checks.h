// Whether a grant may be made: the helper decides it again from the root-owned policy, whatever
// jitd says (jit(7), "What a broken jitd can do").
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "jit_grantd/answer.h"
#include "jit_grantd/outside.h"
#include "lib/ipc/granting.h"

namespace jit::grantd {

struct Checked {
    Accounts::User user;
    std::vector<std::string> groups; // of the role
    std::vector<gid_t> gids;         // of the same groups
    std::chrono::seconds duration{}; // as called for, or as long as hours and limits leave
    policy::Config::Backend backend = policy::Config::Backend::automatic; // as configured
    std::optional<std::chrono::seconds> grace; // what runs ends with it; absent: it runs on
};

// Looks at the call, the rules, the accounts and at what was granted before. Masks, and how much
// the ledger holds, are looked at by Grants.
//   rules    already read; borrowed
//   entries  of the ledger
Answer<Checked> check_grant(const ipc::GrantCall &call, const RuleSet &rules, Accounts &accounts,
                            const std::vector<Entry> &entries, WallTime now);

} // namespace jit::grantd
