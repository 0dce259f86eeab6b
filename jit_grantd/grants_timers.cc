// The timers of grants, by what the ledger says of them.
#include <algorithm>
#include <map>
#include <syslog.h>

#include "jit_grantd/grants.h"
#include "jit_grantd/spread.h"

namespace jit::grantd {

Result<void> Grants::ask(Timers::Arming &arming, const Entry &entry, const Now &now)
{
    return arming.ask(entry.id, entry.until + entry.timer_late,
                      entry.until_boot - now.boot + entry.timer_late);
}

Result<void> Grants::arm(const Entry &entry, const Now &now)
{
    return outside_.timers.arm(entry.id, entry.until + entry.timer_late,
                               entry.until_boot - now.boot + entry.timer_late);
}

Result<void> Grants::rearm(const Entry &entry, const Now &now)
{
    return outside_.timers.rearm(entry.id, entry.until + entry.timer_late,
                                 entry.until_boot - now.boot + entry.timer_late);
}

bool Grants::keep_exact(Books &books, std::optional<WallTime> until)
{
    const Now now = outside_.clocks.now();
    std::map<WallTime, std::size_t> exact;
    std::vector<Entry> late;
    for (const Entry &entry : books.ledger.entries()) {
        if (entry.state != Entry::State::live || entry.is_due(now, outside_.boot_id) ||
            (until && entry.until != *until))
            continue;
        if (entry.timer_late.count() == 0)
            ++exact[entry.until];
        else
            late.push_back(entry);
    }
    bool is_fine = true;
    for (Entry &entry : late) {
        if (exact[entry.until] >= max_exact_timers)
            continue;
        entry.timer_late = {};
        // Should the ledger not take it, reconcile() does it once more.
        Result<void> done = rearm(entry, now);
        if (done)
            done = books.ledger.store(entry);
        if (done) {
            ++exact[entry.until];
        } else {
            report("cannot make the timer of grant " + entry.id + " exact", done.error());
            is_fine = false;
        }
    }
    return is_fine;
}

void Grants::stop_late_timers(Books &books, const std::vector<Ending> &endings,
                              const std::vector<Result<void>> &done, const Now &now)
{
    std::vector<const Entry *> late;
    for (std::size_t i = 0; i < endings.size(); ++i) {
        const Entry &entry = endings[i].entry;
        if (done[i] && entry.timer_late.count() > 0 && entry.is_due(now, outside_.boot_id))
            late.push_back(&entry);
    }
    // Those that would fire next come first.
    std::stable_sort(late.begin(), late.end(), [](const Entry *a, const Entry *b) {
        return a->until + a->timer_late < b->until + b->timer_late;
    });
    std::vector<std::string> ids;
    ids.reserve(late.size());
    for (const Entry *entry : late)
        ids.push_back(entry->id);
    const auto stopped = outside_.timers.disarm_each(ids);
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (stopped[i]) // else close() says why not
            books.stopped.insert(ids[i]);
}

bool Grants::close(Books books)
{
    books.gate.reset();
    books.lock.reset();
    std::vector<std::string> ids;
    ids.reserve(books.over.size() + books.strays.size());
    for (const Entry &entry : books.over)
        if (!books.stopped.contains(entry.id))
            ids.push_back(entry.id);
    const std::size_t known = ids.size();
    for (const std::string &id : books.strays)
        ids.push_back(id);
    const auto stopped = outside_.timers.disarm_each(ids);
    // reconcile() stops them, or their shots hit nothing.
    report_each("cannot stop the timer of ended grant", ids, stopped);
    std::size_t strays = 0;
    for (std::size_t i = known; i < ids.size(); ++i)
        if (stopped[i] && strays++ < max_told_faults)
            outside_.records.log(LOG_WARNING,
                                 "stopped the timer of grant " + ids[i] + ", which has ended");
    if (strays > max_told_faults)
        outside_.records.log(LOG_WARNING, "stopped " + std::to_string(strays - max_told_faults) +
                                              " more timers of grants that have ended");
    return std::all_of(stopped.begin(), stopped.end(),
                       [](const Result<void> &each) { return each.has_value(); });
}

} // namespace jit::grantd
