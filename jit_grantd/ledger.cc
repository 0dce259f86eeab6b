#include "jit_grantd/ledger.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "lib/ledger/limits.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

using ledger::encode_entry;
using ledger::file_of;
using sys::open_directory;

Result<Ledger> Ledger::read(const Places &places, Disk &disk, ledger::KnownFiles *known)
{
    const Fd state = TRY(open_directory(places.state, 0700));
    Fd grants = TRY(open_directory(places.state + "/grants", 0700));
    Ledger ledger{disk, std::move(grants)};
    ledger::Files files = TRY(ledger::read_files(ledger.directory_.get(), known));
    ledger.entries_ = std::move(files.entries);
    ledger.damaged_ = std::move(files.damaged);
    ledger.temporary_ = std::move(files.temporary);
    return ledger;
}

Result<Entry> Ledger::read_one(const Places &places, const std::string &id)
{
    const Fd grants = TRY(open_directory(places.state + "/grants", 0700));
    Entry entry = TRY(ledger::decode_entry(
        TRY(sys::read_small_file(grants.get(), file_of(id), ledger::max_ledger_file_bytes))));
    if (entry.id != id)
        return Error{Code::bad_input, "an entry under another's name"};
    return entry;
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

Result<void> Ledger::store(const Entry &entry)
{
    const std::string text = TRY(encode_entry(entry));
    TRY(disk_->write(directory_.get(), file_of(entry.id), text, 0600));
    keep(entry);
    return {};
}

Result<void> Ledger::store_atomic(const Entry &entry)
{
    const std::string text = TRY(encode_entry(entry));
    TRY(disk_->write_atomic(directory_.get(), file_of(entry.id), text, 0600));
    keep(entry);
    return {};
}

void Ledger::keep(const Entry &entry)
{
    const auto at = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry &known) { return known.id == entry.id; });
    if (at == entries_.end())
        entries_.push_back(entry);
    else
        *at = entry;
}

Result<void> Ledger::forget(const std::string &id)
{
    TRY(disk_->remove(directory_.get(), file_of(id)));
    std::erase_if(entries_, [&](const Entry &entry) { return entry.id == id; });
    return {};
}

std::vector<Result<void>> Ledger::store_each(const std::vector<Entry> &entries)
{
    std::vector<Result<void>> done;
    std::vector<Disk::File> files;
    for (const Entry &entry : entries) {
        auto text = encode_entry(entry);
        done.push_back(text ? Result<void>{} : Result<void>{text.error()});
        if (text)
            files.push_back({file_of(entry.id), *std::move(text)});
    }
    const std::vector<Result<void>> written = disk_->write_each(directory_.get(), files, 0600);
    std::map<std::string_view, const Entry *> stored;
    std::size_t next = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!done[i])
            continue;
        done[i] = written[next++];
        if (done[i])
            stored[entries[i].id] = &entries[i];
    }
    for (Entry &known : entries_)
        if (const auto at = stored.find(known.id); at != stored.end())
            known = *at->second;
    return done;
}

std::vector<Result<void>> Ledger::forget_each(const std::vector<std::string> &ids)
{
    std::vector<std::string> files;
    files.reserve(ids.size());
    for (const std::string &id : ids)
        files.push_back(file_of(id));
    std::vector<Result<void>> done = disk_->remove_each(directory_.get(), files);
    std::set<std::string_view> gone;
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (done[i])
            gone.insert(ids[i]);
    std::erase_if(entries_, [&](const Entry &entry) { return gone.contains(entry.id); });
    return done;
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
