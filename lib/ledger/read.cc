#include "lib/ledger/read.h"

#include <algorithm>
#include <utility>

#include "lib/ledger/limits.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"

namespace jit::ledger {

Result<Files> read_files(int directory)
{
    Files files;
    for (std::string &name : TRY(sys::list_directory(directory, max_ledger_files))) {
        if (sys::is_temporary(name)) {
            files.temporary.push_back(std::move(name));
            continue;
        }
        if (name.starts_with('.'))
            continue;
        auto text = sys::read_small_file(directory, name, max_ledger_file_bytes);
        if (!text && text.error().code == Code::not_found)
            continue; // pruned since the folder was listed: readers take no lock
        if (!text && text.error().code == Code::unavailable)
            return text.error();
        auto entry = text ? decode_entry(*text) : Result<Entry>{text.error()};
        if (entry && file_of(entry->id) == name)
            files.entries.push_back(*std::move(entry));
        else
            files.damaged.push_back(std::move(name));
    }
    std::sort(files.entries.begin(), files.entries.end(), [](const Entry &a, const Entry &b) {
        return std::pair{a.since, a.id} < std::pair{b.since, b.id};
    });
    return files;
}

} // namespace jit::ledger
