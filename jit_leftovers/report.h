// What a search has found, given to the grants in whose time it was made.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "jit_leftovers/ended.h"
#include "jit_leftovers/traces.h"
#include "lib/ipc/leftovers.h"
#include "lib/sys/journal.h"

namespace jit::leftovers {

// What falls into the times of several grants is told of each of them.
ipc::LeftoversReport make_report(const Ended &ended, const Traces &traces,
                                 const std::set<ipc::Missed> &missed, WallTime now);

// The line for people, with the first of what was found.
std::string describe(const Ended &ended, const ipc::Leftovers &leftovers);

struct Record {
    int priority; // a warning, if anything was found
    std::string message;
    std::vector<sys::Field> fields;
};
Record make_record(const Ended &ended, const ipc::Leftovers &leftovers);

} // namespace jit::leftovers
