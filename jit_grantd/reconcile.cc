// Grants::reconcile(): whatever was interrupted, changed by other hands or forgotten over a reboot
// is brought back to agreement. Runs at boot before logins, every 30 s, and on clock changes.
#include <algorithm>
#include <map>
#include <set>
#include <syslog.h>
#include <utility>

#include "jit_grantd/grants.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

using sys::open_directory;
using sys::read_small_file;

namespace {

constexpr const char *reconciled_file = "reconciled";

} // namespace

bool Grants::is_reconciled() const
{
    const auto run = open_directory(places_.run, 0755);
    if (!run)
        return false;
    const auto text = read_small_file(run->get(), reconciled_file, 64);
    return text && *text == outside_.boot_id + "\n";
}

Result<void> Grants::write_reconciled()
{
    if (is_reconciled())
        return {};
    const Fd run = TRY(open_directory(places_.run, 0755));
    return outside_.disk.write(run.get(), reconciled_file, outside_.boot_id + "\n", 0644);
}

// An entry that can't be read may stand for a live membership. In the first reconcile of a boot
// there is none, since memberships of userdb do not outlive a boot and nothing was granted yet: the
// file is put aside. Later, and where the group file was ever used, grants are refused until
// somebody has looked.
bool Grants::handle_damage(Books &books)
{
    const bool is_first = !is_reconciled() && !books.memberships.has_used_etc_group();
    const std::vector<std::string> names = books.ledger.damaged();
    bool is_fine = true;
    for (const std::string &name : names) {
        const std::string path = places_.state + "/grants/" + name;
        if (is_first && books.ledger.set_aside(name)) {
            outside_.records.log(LOG_ALERT, "ledger file " + path +
                                                " is damaged; it was set aside as .aside-" + name);
            continue;
        }
        is_fine = false;
        outside_.records.log(
            LOG_ALERT, "ledger file " + path +
                           " is damaged: no role is granted until it is removed, with any "
                           "membership in " +
                           places_.userdb + " or " + places_.etc + "/group that it stood for");
    }
    return is_fine;
}

// The cause for which an entry must end now; empty: it may go on.
//
// A container may see the boot id of the machine that it runs on, which stays when it boots alone.
// Its /run is as empty as any other's then, and a member whom the group file has kept is of before:
// nothing is granted until the first reconcile is through.
Result<std::string_view> Grants::why_ended(Books &books, const Entry &entry, const Now &now,
                                           bool is_first)
{
    const bool is_kept = is_first && entry.backend == Backend::etc_group;
    if (entry.boot_id != outside_.boot_id || is_kept)
        return std::string_view{"reboot"};
    if (entry.is_due(now, outside_.boot_id))
        return std::string_view{"expired"};
    // We hold the lock, so nobody is granting: it was interrupted, and its caller never heard yes.
    if (entry.state == Entry::State::granting)
        return std::string_view{"interrupted"};
    for (const Part &part : entry.parts)
        if (!TRY(has_part(books, entry, part)))
            return std::string_view{"membership-gone"};
    return std::string_view{};
}

bool Grants::find_what_must_end(Books &books, std::vector<Ending> &endings)
{
    const Now now = outside_.clocks.now();
    const bool is_first = !is_reconciled();
    bool is_fine = true;
    for (const Entry &entry : books.ledger.entries()) {
        if (entry.is_ended())
            continue;
        const auto cause = why_ended(books, entry, now, is_first);
        if (!cause) {
            report("cannot tell whether grant " + entry.id + " must end", cause.error());
            is_fine = false;
        } else if (!cause->empty()) {
            endings.push_back({entry, std::string{*cause}});
        }
    }
    return is_fine;
}

// A membership that an entry of this boot made and that no live one needs: a crash between an end's
// steps, or an old file put back.
bool Grants::remove_orphans(Books &books)
{
    const auto names = books.memberships.userdb().list();
    if (!names) {
        report("cannot list the memberships", names.error());
        return false;
    }
    struct Use {
        bool is_ours = false;
        bool is_needed = false;
    };
    std::map<std::pair<std::string_view, std::string_view>, Use> uses; // by user and group
    for (const Entry &entry : books.ledger.entries())
        for (const Part &part : entry.parts) {
            if (entry.backend != Backend::userdb)
                continue;
            Use &use = uses[{entry.user, part.group}];
            use.is_ours = use.is_ours || (entry.boot_id == outside_.boot_id && !part.was_there);
            use.is_needed = use.is_needed || !entry.is_ended();
        }
    bool is_fine = true;
    for (const Memberships::Name &name : *names) {
        const auto use = uses.find({name.user, name.group});
        const bool is_over = use != uses.end() && use->second.is_ours && !use->second.is_needed;
        if (!is_over && name.user != probe_user)
            continue;
        const std::string what = "membership of " + name.user + " in " + name.group;
        if (const auto removed = books.memberships.remove(Backend::userdb, {name}); !removed) {
            report("cannot remove the " + what, removed.error());
            is_fine = false;
        } else {
            outside_.records.log(LOG_WARNING, "removed the " + what + ": no live grant gives it");
        }
    }
    books.memberships.userdb().remove_temporary_files();
    return is_fine;
}

// Each live grant has its timer, and each timer a grant.
bool Grants::mend_timers(Books &books)
{
    const auto armed = outside_.timers.armed();
    if (!armed) {
        report("cannot list the timers", armed.error());
        return false;
    }
    bool is_fine = true;
    const auto note = [&](const Result<void> &done, const std::string &doing,
                          const std::string &text) {
        if (done)
            return outside_.records.log(LOG_WARNING, text);
        report(doing, done.error());
        is_fine = false;
    };
    std::set<std::string_view> without; // live grants whose timers have not been seen yet
    std::set<std::string_view> known;
    for (const Entry &entry : books.ledger.entries()) {
        known.insert(entry.id);
        if (!entry.is_ended())
            without.insert(entry.id);
    }
    std::set<std::string_view> over; // to be stopped anyway
    for (const Entry &entry : books.over)
        over.insert(entry.id);
    for (const std::string &id : *armed)
        if (without.erase(id) == 0 && !over.contains(id) &&
            (known.contains(id) || books.ledger.damaged().empty()))
            books.strays.push_back(id);
    for (const Entry &entry : books.ledger.entries()) {
        if (entry.state != Entry::State::live || !without.contains(entry.id))
            continue;
        const Now now = outside_.clocks.now();
        if (entry.is_due(now, outside_.boot_id))
            continue; // within this very second; the next reconcile or its own timer ends it
        Result<void> done = outside_.timers.disarm(entry.id);
        if (done)
            done = arm(entry, now);
        note(done, "cannot arm the timer of grant " + entry.id,
             "the timer of grant " + entry.id + " was missing; it is armed again");
    }
    return keep_exact(books, std::nullopt) && is_fine;
}

bool Grants::prune(Books &books)
{
    const WallTime oldest = outside_.clocks.now().wall - keep_ended;
    std::vector<std::string> ids;
    for (const Entry &entry : books.ledger.entries())
        if (entry.is_ended() && *entry.ended < oldest)
            ids.push_back(entry.id);
    const std::vector<Result<void>> gone = books.ledger.forget_each(ids);
    report_each("cannot remove from the ledger grant", ids, gone);
    books.ledger.remove_temporary_files();
    return std::all_of(gone.begin(), gone.end(),
                       [](const Result<void> &each) { return each.has_value(); });
}

Result<void> Grants::reconcile()
{
    const Result<void> agreed = make_agree();
    // Last, whatever came before: no policy file, however large or slow, stands before an end.
    outside_.rules.keep_good();
    return agreed;
}

Result<void> Grants::make_agree()
{
    auto books = TRY(open_books_for_ends({}));
    // All are tried, whatever fails before.
    const bool is_whole = handle_damage(books);
    std::vector<Ending> endings;
    const bool are_found = find_what_must_end(books, endings);
    const std::vector<Entry> owing = find_owing(books, endings);
    const bool are_ended = end_all(books, endings).has_value() && are_found;
    const bool is_said = say_owed(books, owing);
    const bool are_removed = remove_orphans(books);
    const bool are_gone = remove_remnants(books);
    const bool are_armed = mend_timers(books);
    const bool are_strays_gone = end_strays(books);
    const bool is_pruned = prune(books);
    const bool are_stopped = close(std::move(books));
    if (!is_whole || !are_ended || !are_removed || !are_gone)
        return Error{Code::unavailable, "memberships and ledger do not agree"};
    // Only memberships bar the way: without a timer, the reconcile of every 30 s ends a grant.
    TRY(write_reconciled());
    if (!is_said || !are_armed || !are_strays_gone || !is_pruned || !are_stopped)
        return Error{Code::unavailable, "timers, scopes and ledger do not wholly agree"};
    return {};
}

} // namespace jit::grantd
