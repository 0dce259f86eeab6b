// One round: the ledger is read, reports of grants that it has forgotten go, and for all grants
// that have ended since there is one search.
#pragma once

#include <functional>
#include <string>

#include "jit_leftovers/report.h"
#include "lib/base/result.h"

namespace jit::leftovers {

// The program uses these values; a test puts its own folder before them.
struct Places {
    std::string root; // before every path of the host that is looked at
    std::string mountinfo = "/proc/self/mountinfo";
    std::string ledger = "/var/lib/jit-grantd/grants";
    std::string reports = "/var/lib/jit-leftovers";
};

using WriteRecord = std::function<void(const Record &)>;

// Each report is told to the journal, then written: a record may come twice, never not at all.
//   returns  how many grants there are reports of now that had none
//   errors   unavailable. A ledger that is not there yet is an empty one.
Result<std::size_t> search_once(const Places &places, const WriteRecord &write_record);

} // namespace jit::leftovers
