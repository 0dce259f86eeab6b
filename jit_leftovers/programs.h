// Files that give more rights than their caller has: setuid, setgid, capabilities.
#pragma once

#include <string>
#include <vector>

#include "jit_leftovers/mounts.h"
#include "jit_leftovers/traces.h"
#include "jit_leftovers/tree.h"

namespace jit::leftovers {

// Goes through every folder of the host's own file systems, each once. A file that was not touched
// in any of the times costs one look.
//   root  before each path; empty on a real host
void look_at_programs(const std::string &root, const std::vector<Mount> &mounts, Traces &traces,
                      Budget &budget);

} // namespace jit::leftovers
