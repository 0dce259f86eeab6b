// A live grant that goes on.
#include <algorithm>

#include "jit_grantd/grants.h"
#include "jit_grantd/spread.h"
#include "lib/base/text.h"

namespace jit::grantd {

namespace {

using std::chrono::seconds;

// The ledger as if the grant were over in a moment: what was had of it counts for the budget, its
// planned rest does not, and nothing has ended for a cooldown.
std::vector<Entry> without_rest(std::vector<Entry> entries, const std::string &id, const Now &now)
{
    for (Entry &entry : entries)
        if (entry.id == id)
            entry.until = std::min(entry.until, now.wall + seconds{1});
    return entries;
}

} // namespace

Answer<ipc::GrantReply> Grants::extend(const ipc::GrantCall &call)
{
    auto granting = begin_granting();
    if (!granting)
        return granting.refusal();
    auto &[books, rules, now] = *granting;
    const Entry *const found = books.ledger.find(call.id);
    if (found == nullptr || found->state != Entry::State::live ||
        found->is_due(now, outside_.boot_id))
        return Refusal{Refusal::Kind::not_found, "there is no live grant " + call.id};
    const Entry old = *found;
    if (old.user != call.user || old.role != call.role || old.oid != call.oid)
        return refuse("grant " + call.id + " is of another user, role or person");
    if (old.is_used)
        return refuse("grant " + call.id + " is for one session, and that has begun");
    const auto checked = check_grant(call, rules, outside_.accounts,
                                     without_rest(books.ledger.entries(), call.id, now), now.wall);
    if (!checked)
        return checked.refusal();
    // The groups are those of the grant: what the role has gained since is had by a new one.
    const seconds most = rules.policy->find(call.role)->max_duration;
    Entry longer = old;
    longer.until = std::min(now.wall + checked->duration, old.since + most);
    longer.until_boot =
        std::min<BootTime>(now.boot + (longer.until - now.wall), old.since_boot + most);
    longer.policy = call.policy;
    longer.is_extended = true;
    longer.timer_late = late_by(count_exact(books.ledger.entries(), longer.until), longer.id);
    if (longer.until <= old.until || longer.until_boot <= old.until_boot)
        return refuse("grant " + call.id + " goes on until " + format_time(old.until) +
                      ", and can't go on for longer: role " + old.role +
                      " is granted for at most " + format_duration(most));
    if (call.is_trial)
        return reply_of(longer);
    if (const auto done = carry_on(books, old, longer, now); !done)
        return unavailable("cannot extend grant " + call.id, done.error());
    return reply_of(longer);
}

Result<void> Grants::carry_on(Books &books, const Entry &old, const Entry &longer, const Now &now)
{
    Entry owing = longer;
    owing.owes_record = true;
    TRY(books.ledger.store(owing));
    auto armed = rearm(longer, now);
    if (armed) {
        const seconds left = std::chrono::floor<seconds>(longer.until_boot - now.boot);
        if (const auto carried = runs_.carry_on(longer, std::max(left, seconds{1})); !carried)
            report("what runs under grant " + longer.id + " may end at its old end",
                   carried.error());
        (void)say_extended(books, longer); // it goes on, whatever of this fails
        (void)keep_exact(books, old.until);
        return {};
    }
    // As it was: the old end by the ledger, and by whatever timer can be had.
    if (const auto back = books.ledger.store(old); !back)
        report("cannot take back the extension of grant " + old.id, back.error());
    const auto again = rearm(old, now);
    if (!again) // reconcile() arms one within 30 s
        report("cannot arm the timer of grant " + old.id, again.error());
    return armed;
}

bool Grants::say_extended(Books &books, Entry entry)
{
    outside_.records.record(Records::Event::extended, entry);
    entry.owes_record = false;
    const auto stored = books.ledger.store(entry);
    if (!stored)
        report("the extension of grant " + entry.id + " may be recorded again", stored.error());
    return stored.has_value();
}

} // namespace jit::grantd
