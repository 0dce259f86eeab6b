// Many grants that end at once: a thousand may end in one second, and what counts for rights comes
// first for all of them.
#include <algorithm>
#include <map>
#include <set>
#include <syslog.h>
#include <tuple>
#include <utility>

#include "jit_grantd/end_events.h"
#include "jit_grantd/end_mark.h"
#include "jit_grantd/grants.h"
#include "jit_grantd/lock.h"

namespace jit::grantd {

namespace {

using std::chrono::seconds;

// Clocks are read in whole seconds and a timer is exact to 50 ms.
constexpr seconds early_shot{2};
// Grants of one end by the wall clock, a whole second, end within a second by time since boot.
constexpr seconds same_end{1};

bool all_of(const std::vector<Result<void>> &done)
{
    return std::all_of(done.begin(), done.end(),
                       [](const Result<void> &each) { return each.has_value(); });
}

std::set<std::string_view> ids_of(const std::vector<Ending> &endings)
{
    std::set<std::string_view> ids;
    for (const Ending &ending : endings)
        ids.insert(ending.entry.id);
    return ids;
}

} // namespace

void Grants::report_each(const std::string &doing, const std::vector<std::string> &ids,
                         const std::vector<Result<void>> &done)
{
    std::size_t told = 0;
    std::size_t more = 0;
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (!done[i] && told++ < max_told_faults)
            report(doing + " " + ids[i], done[i].error());
        else if (!done[i])
            ++more;
    if (more > 0)
        outside_.records.log(LOG_ERR,
                             doing + " ...: and so for " + std::to_string(more) + " more grants");
}

// What is shared with a grant that goes on stays; what several of these share goes once.
std::vector<Result<void>> Grants::take_back_each(Books &books, const std::vector<Ending> &endings,
                                                 const Now &now)
{
    using Key = std::tuple<Backend, std::string_view, std::string_view>; // user, group
    const std::set<std::string_view> ids = ids_of(endings);
    std::set<Key> kept;
    for (const Entry &each : books.ledger.entries())
        if (each.state == Entry::State::live && !ids.contains(each.id) &&
            !each.is_due(now, outside_.boot_id))
            for (const Part &part : each.parts)
                if (!part.was_there)
                    kept.insert({each.backend, each.user, part.group});
    std::map<Key, Result<void>> removed;
    for (const Backend backend : {Backend::userdb, Backend::etc_group}) {
        std::vector<Key> keys;
        std::vector<Memberships::Name> names;
        for (const Ending &ending : endings)
            for (const Part &part : ending.entry.parts) {
                const Key key{ending.entry.backend, ending.entry.user, part.group};
                if (ending.entry.backend != backend || part.was_there || kept.contains(key) ||
                    !removed.try_emplace(key).second)
                    continue;
                keys.push_back(key);
                names.push_back({ending.entry.user, part.group});
            }
        const std::vector<Result<void>> done = books.memberships.remove_each(backend, names);
        for (std::size_t i = 0; i < keys.size(); ++i)
            removed[keys[i]] = done[i];
    }
    std::vector<Result<void>> done(endings.size());
    for (std::size_t i = 0; i < endings.size(); ++i)
        for (const Part &part : endings[i].entry.parts) {
            const Entry &entry = endings[i].entry;
            const auto found = removed.find({entry.backend, entry.user, part.group});
            if (done[i] && !part.was_there && found != removed.end())
                done[i] = found->second;
        }
    return done;
}

std::vector<Result<void>> Grants::end_each(Books &books, const std::vector<Ending> &endings)
{
    const Now now = outside_.clocks.now();
    std::vector<Result<void>> done = take_back_each(books, endings, now);
    books.gate.reset(); // what follows waits for a disk, and nobody else's end waits for that
    stop_late_timers(books, endings, done, now);
    std::vector<Entry> ended;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < endings.size(); ++i) {
        if (!done[i])
            continue;
        Entry entry = endings[i].entry;
        if (entry.owes_record && !entry.is_ended())
            outside_.records.record(Records::Event::extended, entry);
        // Nobody was told that it began: its end says so, whoever finds it and however late.
        entry.cause = entry.state == Entry::State::granting ? "interrupted" : endings[i].cause;
        entry.state = Entry::State::ended;
        entry.ended = now.wall;
        entry.owes_record = true;
        ended.push_back(std::move(entry));
        places.push_back(i);
    }
    const std::vector<Result<void>> stored = books.ledger.store_each(ended);
    runs_.look_anew();
    std::vector<Entry> to_say;
    for (std::size_t i = 0; i < ended.size(); ++i) {
        done[places[i]] = stored[i];
        if (stored[i])
            to_say.push_back(std::move(ended[i]));
        else
            end_runs(books, ended[i]); // a full disk keeps nobody in
    }
    if (!to_say.empty())
        if (const auto marked = mark_ends(places_.run); !marked)
            report("what was left behind is looked for later", marked.error());
    (void)say_ends(books, std::move(to_say)); // they have ended, whatever of this fails
    return done;
}

Result<void> Grants::end_all(Books &books, const std::vector<Ending> &endings)
{
    const std::vector<Result<void>> done = end_each(books, endings);
    std::vector<std::string> ids;
    Result<void> first;
    for (std::size_t i = 0; i < endings.size(); ++i) {
        ids.push_back(endings[i].entry.id);
        if (first)
            first = done[i];
    }
    report_each("cannot end grant", ids, done);
    return first;
}

// --- what is said of it --------------------------------------------------------------------------

bool Grants::say_ends(Books &books, std::vector<Entry> entries)
{
    std::vector<std::string> ids;
    runs_.look_anew();
    for (Entry &entry : entries) {
        end_runs(books, entry);
        outside_.records.record(event_of(entry.cause), entry);
        if (entry.grace && !entry.processes.empty())
            outside_.records.record(Records::Event::terminated, entry);
        tell_user(entry);
        entry.owes_record = false;
        ids.push_back(entry.id);
    }
    const auto stored = books.ledger.store_each(entries);
    report_each("it may be recorded again: the end of grant", ids, stored);
    bool is_fine = all_of(stored);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        is_fine = is_fine && !entries[i].owes_end;
        books.over.push_back(std::move(entries[i]));
    }
    return is_fine;
}

std::vector<Entry> Grants::find_owing(const Books &books, const std::vector<Ending> &endings) const
{
    const std::set<std::string_view> ids = ids_of(endings);
    std::vector<Entry> owing;
    for (const Entry &entry : books.ledger.entries())
        if (entry.owes_record && !ids.contains(entry.id))
            owing.push_back(entry);
    return owing;
}

bool Grants::say_owed(Books &books, const std::vector<Entry> &owing)
{
    std::vector<Entry> ended;
    bool is_fine = true;
    for (const Entry &entry : owing)
        if (entry.is_ended())
            ended.push_back(entry);
        else
            is_fine = say_extended(books, entry) && is_fine;
    return say_ends(books, std::move(ended)) && is_fine;
}

// --- who must end --------------------------------------------------------------------------------

std::vector<Ending> Grants::find_due(const Books &books, const std::string &id) const
{
    const Now now = outside_.clocks.now();
    const Entry *const named = books.ledger.find(id);
    // Its timer is taken at its word; once extended, only about the end of now.
    const bool is_shot =
        named != nullptr && !named->is_ended() &&
        (!named->is_extended ||
         named->is_due({now.wall + early_shot, now.boot + early_shot}, outside_.boot_id));
    std::vector<Ending> due;
    for (const Entry &entry : books.ledger.entries()) {
        if (entry.is_ended())
            continue;
        // Not all that end in one second have a timer for it: this one speaks for them, also when
        // the clock was set back and the time since boot alone tells.
        const bool is_with_it = is_shot && entry.until == named->until;
        const Now at{now.wall, is_with_it ? now.boot + same_end : now.boot};
        if ((is_shot && &entry == named) || entry.is_due(at, outside_.boot_id))
            due.push_back({entry, entry.boot_id != outside_.boot_id ? "reboot" : "expired"});
    }
    return due;
}

// Without the ledger's lock, and so without a word to the ledger: who gets that lock next finds
// them due all the same.
Result<void> Grants::take_due_away(const std::string &id)
{
    Fd gate = TRY(take_lock(places_.run, patience_, membership_lock));
    Ledger ledger = TRY(Ledger::read(places_, outside_.disk, &known_));
    Backends memberships = TRY(Backends::open(places_, outside_, patience_));
    Books books{Fd{}, std::move(gate), std::move(ledger), std::move(memberships), {}, {}, {}};
    const std::vector<Ending> due = find_due(books, id);
    for (const Result<void> &each : take_back_each(books, due, outside_.clocks.now()))
        TRY(each);
    return {};
}

Result<Grants::Books> Grants::open_books_for_ends(const std::string &id)
{
    auto lock = take_lock(places_.run, {});
    if (lock)
        return open_books_under(*std::move(lock));
    if (const auto taken = take_due_away(id); !taken)
        report("cannot take away what is due", taken.error());
    return open_books();
}

bool Grants::is_done_already(const std::string &id) const
{
    const auto entry = Ledger::read_one(places_, id);
    if (!entry)
        return false;
    if (entry->is_ended() && !entry->owes_record)
        return true;
    if (entry->timer_late.count() == 0)
        return false;
    if (!entry->is_ended()) {
        auto memberships = Backends::open(places_, outside_, patience_);
        for (const Part &part : entry->parts) {
            const auto presence =
                memberships ? memberships->of(entry->backend).look({entry->user, part.group})
                            : Result<Memberships::Presence>{memberships.error()};
            if (!presence || *presence == Memberships::Presence::present)
                return false;
        }
    }
    return !take_lock(places_.run, {}).has_value();
}

Result<void> Grants::expire(const std::string &id)
{
    if (is_done_already(id))
        return {};
    auto books = TRY(open_books_for_ends(id));
    const std::vector<Ending> due = find_due(books, id);
    const std::vector<Entry> owing = find_owing(books, due);
    const Result<void> ended = end_all(books, due);
    const bool is_said = say_owed(books, owing);
    const bool are_stopped = close(std::move(books));
    if ((!is_said || !are_stopped) && ended)
        return Error{Code::unavailable, "an end is not wholly recorded"};
    return ended;
}

Result<void> Grants::purge()
{
    auto books = TRY(open_books());
    std::vector<Ending> all;
    for (const Entry &entry : books.ledger.entries())
        if (!entry.is_ended())
            all.push_back({entry, "purged"});
    const std::vector<Entry> owing = find_owing(books, all);
    Result<void> first = end_all(books, all);
    if (!say_owed(books, owing) && first)
        first = Error{Code::unavailable, "an end is not wholly recorded"};
    if (!remove_orphans(books) && first)
        first = Error{Code::unavailable, "a membership without a grant could not be removed"};
    if (!close(std::move(books)) && first)
        first = Error{Code::unavailable, "a timer could not be stopped"};
    return first;
}

} // namespace jit::grantd
