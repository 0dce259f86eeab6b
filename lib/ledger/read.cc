#include "lib/ledger/read.h"

#include <algorithm>
#include <fcntl.h>
#include <utility>

#include "lib/ledger/limits.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"
#include "lib/sys/same_file.h"

namespace jit::ledger {

const Entry *KnownFiles::find(const std::string &name, const struct stat &file)
{
    const auto found = known_.find(name);
    if (found == known_.end() || !sys::is_same_file(found->second.file, file))
        return nullptr;
    found->second.look = look_;
    return &found->second.entry;
}

void KnownFiles::keep(const std::string &name, const struct stat &file, const Entry &entry)
{
    if (sys::has_settled(file))
        known_.insert_or_assign(name, Known{file, entry, look_});
}

void KnownFiles::forget_others()
{
    std::erase_if(known_, [this](const auto &each) { return each.second.look != look_; });
    ++look_;
}

namespace {

// Where the file is replaced between the two, what is kept is of one that never comes again.
Result<Entry> read_entry(int directory, const std::string &name, KnownFiles *known)
{
    struct stat file {
    };
    const bool is_seen =
        known != nullptr && fstatat(directory, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_seen)
        if (const Entry *const entry = known->find(name, file))
            return *entry;
    Entry entry =
        TRY(decode_entry(TRY(sys::read_small_file(directory, name, max_ledger_file_bytes))));
    if (file_of(entry.id) != name)
        return Error{Code::bad_input, "an entry under another's name"};
    if (is_seen)
        known->keep(name, file, entry);
    return entry;
}

} // namespace

Result<Files> read_files(int directory, KnownFiles *known)
{
    Files files;
    for (std::string &name : TRY(sys::list_directory(directory, max_ledger_files))) {
        if (sys::is_temporary(name)) {
            files.temporary.push_back(std::move(name));
            continue;
        }
        if (name.starts_with('.'))
            continue;
        auto entry = read_entry(directory, name, known);
        if (entry)
            files.entries.push_back(*std::move(entry));
        else if (entry.error().code == Code::unavailable)
            return entry.error();
        else if (entry.error().code != Code::not_found) // pruned meanwhile: readers take no lock
            files.damaged.push_back(std::move(name));
    }
    if (known != nullptr)
        known->forget_others();
    std::sort(files.entries.begin(), files.entries.end(), [](const Entry &a, const Entry &b) {
        return std::pair{a.since, a.id} < std::pair{b.since, b.id};
    });
    return files;
}

} // namespace jit::ledger
