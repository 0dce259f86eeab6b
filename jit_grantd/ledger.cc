#include "jit_grantd/ledger.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "lib/ledger/read.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

using ledger::encode_entry;
using ledger::file_of;
using sys::open_directory;

Result<Ledger> Ledger::read(const Places &places, Disk &disk)
{
    const Fd state = TRY(open_directory(places.state, 0700));
    Ledger ledger{disk, TRY(open_directory(places.state + "/grants", 0700))};
    ledger::Files files = TRY(ledger::read_files(ledger.directory_.get()));
    ledger.entries_ = std::move(files.entries);
    ledger.damaged_ = std::move(files.damaged);
    ledger.temporary_ = std::move(files.temporary);
    return ledger;
}

const Entry *Ledger::find(std::string_view id) const
{
    const auto at = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry &entry) { return entry.id == id; });
    return at == entries_.end() ? nullptr : &*at;
}

std::size_t Ledger::count_live() const
{
    return static_cast<std::size_t>(std::count_if(
        entries_.begin(), entries_.end(), [](const Entry &entry) { return !entry.is_ended(); }));
}

std::size_t Ledger::live_bytes() const
{
    std::size_t bytes = 0;
    for (const Entry &entry : entries_)
        if (!entry.is_ended())
            bytes += ledger::wire_bytes(entry.user, entry.role, entry.groups());
    return bytes;
}

Result<void> Ledger::store(const Entry &entry)
{
    const std::string text = TRY(encode_entry(entry));
    TRY(disk_->write(directory_.get(), file_of(entry.id), text, 0600));
    const auto at = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry &known) { return known.id == entry.id; });
    if (at == entries_.end())
        entries_.push_back(entry);
    else
        *at = entry;
    return {};
}

Result<void> Ledger::forget(const std::string &id)
{
    TRY(disk_->remove(directory_.get(), file_of(id)));
    std::erase_if(entries_, [&](const Entry &entry) { return entry.id == id; });
    return {};
}

Result<void> Ledger::set_aside(const std::string &name)
{
    const std::string aside = ".aside-" + name;
    if (renameat(directory_.get(), name.c_str(), directory_.get(), aside.c_str()) != 0)
        return Error{Code::unavailable, "cannot set a damaged ledger file aside", errno};
    std::erase(damaged_, name);
    return {};
}

void Ledger::remove_temporary_files()
{
    for (const std::string &name : temporary_)
        (void)disk_->remove(directory_.get(), name); // harmless where it is; tried again next time
    temporary_.clear();
}

} // namespace jit::grantd
