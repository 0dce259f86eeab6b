// The folder of root's ledger, grants/ID.json, as it is on the disk.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "lib/base/result.h"
#include "lib/ledger/entry.h"

namespace jit::ledger {

struct Files {
    std::vector<Entry> entries;         // oldest first
    std::vector<std::string> damaged;   // names of files that are no entries
    std::vector<std::string> temporary; // names of what crashes within a write have left
};

// Entries that were read, and the files that they were read from: for a program that looks more
// than once. To look at a file costs a twentieth of reading it.
class KnownFiles
{
  public:
    // The entry of a file, if it was read from one that looks the same. Null: it has to be read.
    const Entry *find(const std::string &name, const struct stat &file);
    // A file that was changed just now, so that another change need not show, is not kept.
    void keep(const std::string &name, const struct stat &file, const Entry &entry);
    // Forgets every file that no find() and no keep() has named since the last time.
    void forget_others();

  private:
    struct Known {
        struct stat file;
        Entry entry;
        unsigned look = 0; // the last one that found it
    };
    std::map<std::string, Known, std::less<>> known_;
    unsigned look_ = 0;
};

// Reads every entry, without a lock: each file is whole.
//   directory  open; borrowed
//   known      of the same directory; null: nothing is
//   errors     unavailable; bad_input: too many files. One that can't be understood is no error.
Result<Files> read_files(int directory, KnownFiles *known = nullptr);

} // namespace jit::ledger
