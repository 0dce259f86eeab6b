// The root ledger: one durable file for each grant, grants/ID.json. What it says counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ledger/read.h"

namespace jit::grantd {

class Ledger
{
  public:
    // Opens the folder, which is made if need be (0700), and reads every entry.
    //   known   of the same places; null: nothing is
    //   errors  unavailable. A file that can't be understood is no error: see damaged().
    static Result<Ledger> read(const Places &places, Disk &disk,
                               ledger::KnownFiles *known = nullptr);

    // One entry alone. Errors: not_found; bad_input; unavailable.
    static Result<Entry> read_one(const Places &places, const std::string &id);

    const std::vector<Entry> &entries() const { return entries_; }
    // Names of files in the folder that are not entries. While there are any, nobody knows what
    // they granted.
    const std::vector<std::string> &damaged() const { return damaged_; }

    const Entry *find(std::string_view id) const;
    std::size_t count_live() const; // granting included

    // Writes an entry durably, new or known. After an error the entry in memory is as it was.
    Result<void> store(const Entry &entry);
    // The same of one that is on disk already, where either version will do after a power cut.
    Result<void> store_atomic(const Entry &entry);
    // Many known ones at once; each is tried, and the answers are in their order.
    std::vector<Result<void>> store_each(const std::vector<Entry> &entries);
    // Removes an entry. Absent is fine.
    Result<void> forget(const std::string &id);
    // Many at once, as above.
    std::vector<Result<void>> forget_each(const std::vector<std::string> &ids);
    // Renames a damaged file to ".aside-NAME", where it is not read again.
    Result<void> set_aside(const std::string &name);
    // Removes what crashes within a write have left.
    void remove_temporary_files();

  private:
    void keep(const Entry &entry); // in memory
    Ledger(Disk &disk, Fd directory) : disk_(&disk), directory_(std::move(directory)) {}

    Disk *disk_;
    Fd directory_;
    std::vector<Entry> entries_;
    std::vector<std::string> damaged_;
    std::vector<std::string> temporary_;
};

} // namespace jit::grantd
