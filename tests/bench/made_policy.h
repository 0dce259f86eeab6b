// Policies of any size, made up for measuring: as different within as those of real hosts.
#pragma once

#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/source.h"

namespace jit::bench {

// So many roles, without fault, in at most 200 files. Of each fifty some are reached by `jitctl
// request` alone; the others gate sudo or su for one to four accounts of their own, a few for
// patterns of accounts.
std::vector<policy::SourceFile> make_policy(unsigned roles);

// Every role gates sudo for every account: each but the first is at fault.
std::vector<policy::SourceFile> make_entangled_policy(unsigned roles);

// A door and what is asked for there, for the n-th of many decisions: two in three are gated, by a
// literal account or by a pattern.
struct Knock {
    policy::Door door;
    std::string reason;
};
Knock make_knock(unsigned roles, unsigned n);

} // namespace jit::bench
