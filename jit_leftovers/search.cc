#include "jit_leftovers/search.h"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <set>
#include <utility>

#include "jit_leftovers/accounts.h"
#include "jit_leftovers/homes.h"
#include "jit_leftovers/limits.h"
#include "jit_leftovers/mounts.h"
#include "jit_leftovers/places.h"
#include "jit_leftovers/programs.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/ledger/read.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"
#include "lib/sys/whole_file.h"

namespace jit::leftovers {

namespace {

constexpr std::string_view suffix = ".json";

Result<std::vector<ledger::Entry>> read_ledger(const std::string &path)
{
    const Fd folder{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder && errno == ENOENT)
        return std::vector<ledger::Entry>{};
    if (!folder)
        return Error{Code::unavailable, "cannot open the ledger", errno};
    ledger::Files files = TRY(ledger::read_files(folder.get()));
    return std::move(files.entries);
}

// The ids of grants that have a report. What crashes within a write have left is removed.
Result<std::set<std::string>> read_reported(int folder)
{
    std::set<std::string> ids;
    for (const std::string &name : TRY(sys::list_directory(folder, max_reports))) {
        if (sys::is_temporary(name))
            (void)sys::remove_durable(folder, name); // harmless where it is
        else if (name.ends_with(suffix) && is_id(name.substr(0, name.size() - suffix.size())))
            ids.insert(name.substr(0, name.size() - suffix.size()));
    }
    return ids;
}

Result<std::vector<Mount>> read_mounts(const std::string &path)
{
    const Fd file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file)
        return Error{Code::unavailable, "cannot read what is mounted", errno};
    return parse_mounts(TRY(sys::read_whole(file.get(), max_mountinfo_bytes)));
}

Result<void> search(const Places &places, const std::vector<WallTime> &moments, Traces &traces,
                    Budget &budget)
{
    const std::vector<Mount> mounts = TRY(read_mounts(places.mountinfo));
    budget.avoided = std::make_shared<const std::set<std::string>>(find_avoided(mounts));
    const auto users = TRY(sys::read_passwd_file(places.root + "/etc/passwd"));
    // What costs little and is root's comes first: no heap of files elsewhere takes its turn.
    look_at_places(places.root, traces, budget);
    look_at_accounts(places.root, users, moments, traces);
    look_at_homes(places.root, users, traces, budget);
    look_at_programs(places.root, mounts, traces, budget);
    return {};
}

} // namespace

Result<std::size_t> search_once(const Places &places, const WriteRecord &write_record)
{
    const auto entries = TRY(read_ledger(places.ledger));
    const Fd reports = TRY(sys::open_directory(places.reports, 0750));
    const auto reported = TRY(read_reported(reports.get()));
    for (const std::string &id : find_outlived(entries, reported))
        TRY(sys::remove_durable(reports.get(), id + std::string{suffix}));
    const std::vector<Ended> ended = find_unreported(entries, reported);
    if (ended.empty())
        return std::size_t{0};

    std::vector<Span> spans;
    spans.reserve(ended.size());
    for (const Ended &one : ended)
        spans.push_back(one.span);
    Traces traces{std::move(spans)};
    Budget budget{max_files, boot_time() + longest_search, {}, {}, false};
    TRY(search(places, find_moments(entries), traces, budget));

    const WallTime now = wall_time();
    for (const Ended &one : ended) {
        const auto report = make_report(one, traces, budget.missed, now);
        write_record(make_record(one, report.leftovers));
        const std::string text = TRY(ipc::encode_leftovers_report(report));
        TRY(sys::write_durable(reports.get(), one.id + std::string{suffix}, text, 0640));
    }
    return ended.size();
}

} // namespace jit::leftovers
