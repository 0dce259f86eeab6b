// Grants that have ended, and the time in which what they left behind was made.
#pragma once

#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/base/clock.h"
#include "lib/ledger/entry.h"

namespace jit::leftovers {

// Both seconds included.
struct Span {
    WallTime from{};
    WallTime to{};
    bool has(WallTime time) const { return from <= time && time <= to; }
};

struct Ended {
    std::string id;
    std::string user;
    uid_t uid = 0;
    std::string role;
    std::string oid;
    Span span; // from its start to its end, and a second to both sides
};

// Those of the ledger that have ended and have no report.
//   reported  the ids of grants that have one
std::vector<Ended> find_unreported(const std::vector<ledger::Entry> &entries,
                                   const std::set<std::string> &reported);

// Reports of grants that the ledger has forgotten.
std::vector<std::string> find_outlived(const std::vector<ledger::Entry> &entries,
                                       const std::set<std::string> &reported);

// The seconds in which jit itself has, or may have, changed the host's group files: when each grant
// that was made there began and ended.
std::vector<WallTime> find_moments(const std::vector<ledger::Entry> &entries);

} // namespace jit::leftovers
