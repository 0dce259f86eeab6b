// The folder of root's ledger, grants/ID.json, as it is on the disk.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/ledger/entry.h"

namespace jit::ledger {

struct Files {
    std::vector<Entry> entries;         // oldest first
    std::vector<std::string> damaged;   // names of files that are no entries
    std::vector<std::string> temporary; // names of what crashes within a write have left
};

// Reads every entry, without a lock: each file is whole.
//   directory  open; borrowed
//   errors     unavailable; bad_input: too many files. One that can't be understood is no error.
Result<Files> read_files(int directory);

} // namespace jit::ledger
