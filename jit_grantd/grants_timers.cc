// The timers of grants, by what the ledger says of them.
#include <map>

#include "jit_grantd/grants.h"
#include "jit_grantd/spread.h"

namespace jit::grantd {

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

} // namespace jit::grantd
