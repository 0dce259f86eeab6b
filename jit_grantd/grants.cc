#include "jit_grantd/grants.h"

#include <algorithm>
#include <syslog.h>

#include "jit_grantd/end_events.h"
#include "jit_grantd/lock.h"
#include "jit_grantd/spread.h"

namespace jit::grantd {

namespace {

constexpr const char *no_name_service =
    "the name service does not answer for /run/userdb: is libnss-systemd installed, and systemd in "
    "the group line of /etc/nsswitch.conf?";

constexpr const char *no_group_file =
    "the name service does not show the member that was written to /etc/group: is 'files' in the "
    "group line of /etc/nsswitch.conf?";

} // namespace

void Grants::report(const std::string &doing, const Error &error)
{
    outside_.records.log(LOG_ERR, unavailable(doing, error).text);
}

Result<Grants::Books> Grants::open_books()
{
    return open_books_under(TRY(take_lock(places_.run, patience_)));
}

Result<Grants::Books> Grants::open_books_under(Fd lock)
{
    Fd gate = TRY(take_lock(places_.run, patience_, membership_lock));
    // Only now: another process may have changed the ledger while we waited.
    Ledger ledger = TRY(Ledger::read(places_, outside_.disk, &known_));
    Backends memberships = TRY(Backends::open(places_, outside_, patience_));
    return Books{
        std::move(lock), std::move(gate), std::move(ledger), std::move(memberships), {}, {}, {}};
}

// --- granting ------------------------------------------------------------------------------------

Answer<Grants::Granting> Grants::begin_granting()
{
    auto books = open_books();
    if (!books)
        return unavailable("cannot open the ledger of grants", books.error());
    auto rules = outside_.rules.read();
    if (!rules)
        return rules.refusal();
    return Granting{*std::move(books), *std::move(rules), outside_.clocks.now()};
}

Answer<ipc::GrantReply> Grants::grant(const ipc::GrantCall &call)
{
    // systemd takes its time to greet: until it has, locks are taken and files are read.
    const auto arming = call.is_trial ? nullptr : outside_.timers.prepare();
    auto granting = begin_granting();
    if (!granting)
        return granting.refusal();
    auto &[books, rules, now] = *granting;
    auto checked = check_grant(call, rules, outside_.accounts, books.ledger.entries(), now.wall);
    if (!checked)
        return checked.refusal();
    auto entry = prepare(books, call, *checked, now);
    if (!entry)
        return entry.refusal();
    if (call.is_trial)
        return reply_of(*entry);
    auto done = carry_out(books, *entry, *checked, *arming);
    const bool is_recorded = done.has_value();
    if (done) {
        // Before it counts: a crash in between leaves a record, whose end reconcile() records too,
        // and never a grant without one.
        outside_.records.record(Records::Event::granted, *entry);
        done = mark_live(books, *entry);
    }
    if (done)
        done = arming->await_running();
    if (!done) {
        undo(books, *entry, is_recorded);
        return unavailable("cannot grant role " + entry->role, done.error());
    }
    return reply_of(*entry);
}

Answer<Entry> Grants::prepare(Books &books, const ipc::GrantCall &call, Checked &checked,
                              const Now &now)
{
    if (!books.ledger.damaged().empty())
        return Refusal{Refusal::Kind::unavailable,
                       "the ledger of grants is damaged; the journal of jit-reconcile says where"};
    if (books.ledger.find(call.id) != nullptr)
        return refuse("there is a grant " + call.id + " already");
    if (books.ledger.count_live() >= max_live)
        return refuse("there are too many live grants on this host");
    if (books.ledger.entries().size() >= max_entries)
        return refuse("there were too many grants on this host in the last two days");
    Entry entry;
    entry.id = call.id;
    entry.user = checked.user.name;
    entry.uid = checked.user.uid;
    entry.role = call.role;
    entry.oid = call.oid;
    entry.policy = call.policy;
    entry.grace = checked.grace;
    entry.since = now.wall;
    entry.until = now.wall + checked.duration;
    entry.boot_id = outside_.boot_id;
    entry.since_boot = now.boot;
    entry.until_boot = now.boot + checked.duration;
    entry.timer_late = late_by(count_exact(books.ledger.entries(), entry.until), entry.id);
    if (auto no = find_parts(books, checked, entry))
        return *std::move(no);
    return entry;
}

Result<void> Grants::carry_out(Books &books, Entry &entry, const Checked &checked,
                               Timers::Arming &arming)
{
    entry.state = Entry::State::granting;
    const Now now = outside_.clocks.now();
    // A calendar timer whose time is past never fires.
    if (entry.is_due(now, outside_.boot_id))
        return Error{Code::timed_out, "the grant would be over before it began"};
    // systemd and the disk take some milliseconds each. A timer without an entry ends nothing.
    TRY(ask(arming, entry, now));
    TRY(books.ledger.store(entry));
    TRY(arming.await_accepted());
    TRY(books.memberships.make(entry.backend, names_of(entry)));
    for (const gid_t gid : checked.gids)
        if (!TRY(outside_.accounts.is_member(checked.user, gid))) {
            books.memberships.forget_choice();
            const bool is_userdb = entry.backend == Backend::userdb;
            return Error{Code::unavailable, is_userdb ? no_name_service : no_group_file};
        }
    return {};
}

Result<void> Grants::mark_live(Books &books, Entry &entry)
{
    Entry live = entry;
    live.state = Entry::State::live;
    // After a power cut both "granting" and "live" are of another boot, and end.
    TRY(books.ledger.store_atomic(live));
    entry = std::move(live);
    return {};
}

// Every step back can be taken whether or not the step forward was. What can't be taken back stays
// in the ledger as "granting", with its timer if it has one, for the next reconcile.
void Grants::undo(Books &books, Entry entry, bool is_recorded)
{
    const std::string doing = "cannot undo grant " + entry.id;
    if (const auto back = take_back(books, entry, outside_.clocks.now()); !back) {
        report(doing, back.error());
        if (entry.state == Entry::State::granting)
            return;
        // Its timer does not run: reconcile() would arm one, and it would go on.
        entry.state = Entry::State::granting;
        if (const auto stored = books.ledger.store(entry); !stored)
            report(doing, stored.error());
        return;
    }
    if (const auto stopped = outside_.timers.disarm(entry.id); !stopped)
        report(doing, stopped.error()); // a shot at an unknown grant hits nothing
    if (is_recorded) {
        entry.cause = "interrupted";
        outside_.records.record(event_of(entry.cause), entry);
    }
    if (const auto gone = books.ledger.forget(entry.id); !gone)
        report(doing, gone.error());
}

// --- ending --------------------------------------------------------------------------------------

// Whether another grant still gives the user this group.
bool Grants::is_shared(const Books &books, const Entry &entry, const std::string &group,
                       const Now &now) const
{
    const auto &entries = books.ledger.entries();
    return std::any_of(entries.begin(), entries.end(), [&](const Entry &each) {
        return each.id != entry.id && each.state == Entry::State::live && each.user == entry.user &&
               each.backend == entry.backend && each.made(group) &&
               !each.is_due(now, outside_.boot_id);
    });
}

Result<void> Grants::take_back(Books &books, const Entry &entry, const Now &now)
{
    std::vector<Memberships::Name> names = names_of(entry);
    std::erase_if(names, [&](const Memberships::Name &name) {
        return is_shared(books, entry, name.group, now);
    });
    return books.memberships.remove(entry.backend, names);
}

Result<void> Grants::end_entry(Books &books, const Entry &entry, std::string_view cause)
{
    return end_each(books, {{entry, std::string{cause}}}).front();
}

Answer<ipc::EndReply> Grants::end(const ipc::EndCall &call)
{
    auto books = open_books();
    if (!books)
        return unavailable("cannot open the ledger of grants", books.error());
    const Entry *const entry = books->ledger.find(call.id);
    if (entry == nullptr)
        return Refusal{Refusal::Kind::not_found, "there is no grant " + call.id};
    if (entry->is_ended()) {
        if (entry->owes_record)
            (void)say_ends(*books, {*entry});
        (void)close(*std::move(books));
        return ipc::EndReply{false};
    }
    const WallTime until = entry->until;
    if (const auto done = end_entry(*books, *entry, call.cause); !done) {
        report("cannot end grant " + call.id, done.error());
        return unavailable("cannot end grant " + call.id, done.error());
    }
    (void)keep_exact(*books, until); // reconcile() would do it
    (void)close(*std::move(books));  // and that
    return ipc::EndReply{true};
}

Answer<ipc::EndReply> Grants::use(const ipc::UseCall &call)
{
    auto books = open_books();
    if (!books)
        return unavailable("cannot open the ledger of grants", books.error());
    const Entry *const entry = books->ledger.find(call.id);
    if (entry == nullptr)
        return Refusal{Refusal::Kind::not_found, "there is no grant " + call.id};
    if (!entry->is_ended() && !entry->is_used) {
        Entry used = *entry;
        used.is_used = true;
        if (const auto stored = books->ledger.store(used); !stored)
            return unavailable("cannot note the use of grant " + call.id, stored.error());
    }
    return ipc::EndReply{entry->is_ended()};
}

} // namespace jit::grantd
