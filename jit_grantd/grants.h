// Making and ending grants. Each call takes the lock, reads what of the ledger is new, and leaves
// memberships, timers and ledger in agreement, or in a state that reconcile() brings to agreement:
//
//   granting   timer asked for -> ledger "granting" -> timer accepted -> memberships made -> seen
//              through the name service -> record -> ledger "live" -> timer runs -> answer. A
//              failure undoes it all, in reverse. A crash leaves "granting": reconcile() takes back
//              what was made, and says so; or a timer that nobody knows, which reconcile() stops;
//              or "live", whose timer reconcile() arms if it is not there. Where the power fails
//              and the disk has kept "granting" of what was "live", that is all the same: either is
//              of another boot.
//   extending  ledger with the later end, which owes a record -> timer replaced -> record ->
//              ledger. A crash leaves the timer of the old end, whose shot hits nothing:
//              reconcile() arms another.
//   ending     memberships removed and seen to be gone -> ledger "ended", which owes a record ->
//              what runs is ended, if the role says so -> record -> ledger "ended" -> timer
//              stopped. A crash or a full disk leaves "live" without membership: an end is repeated
//              as often as need be. A record that is owed is written by whoever comes next: once
//              too often rather than never.
//
// Many that end at once take each step together: first every membership that must go is gone, then
// the ledger says so of each, then come the records, and last the timers. Each single grant is
// taken through its steps in the order above.
//
// Two live grants that give one user the same group share its file: it stays until the later end.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "jit_grantd/answer.h"
#include "jit_grantd/backends.h"
#include "jit_grantd/checks.h"
#include "jit_grantd/ledger.h"
#include "jit_grantd/limits.h"
#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "jit_grantd/runs.h"
#include "lib/base/fd.h"
#include "lib/ipc/confining.h"
#include "lib/ipc/granting.h"

namespace jit::grantd {

// What must end, and why.
struct Ending {
    Entry entry;
    std::string cause;
};

class Grants
{
  public:
    // Borrows what is outside.
    Grants(Places places, Outside outside,
           std::chrono::milliseconds patience = std::chrono::milliseconds{lock_patience})
        : places_(std::move(places)), outside_(std::move(outside)),
          runs_(outside_.processes, outside_.scopes, outside_.records), patience_(patience)
    {
    }

    // A trial makes nothing, and says what would be granted.
    Answer<ipc::GrantReply> grant(const ipc::GrantCall &call);
    // A live grant goes on, for so long from now. Trial and refusals as of grant(); not_found: it
    // has ended.
    Answer<ipc::GrantReply> extend(const ipc::GrantCall &call);
    // Refusal: not_found, unavailable.
    Answer<ipc::EndReply> end(const ipc::EndCall &call);
    // Notes that the one session of a grant was opened; the reply says whether the grant has ended,
    // and then nothing is noted. Refusal: not_found, unavailable.
    Answer<ipc::EndReply> use(const ipc::UseCall &call);
    // Has a process of the grant's user end with it, and all that it starts, if its role says so.
    // Refusal: refused: another user's; not_found: it is not live; unavailable.
    Answer<ipc::ConfineReply> confine(const ipc::ConfineCall &call);
    // Tells the user how long it still lasts. Refusal: not_found, unavailable.
    Answer<ipc::EndReply> warn(const ipc::WarnCall &call);
    // Live and ended grants in the order of their ids, as many as a frame holds. Takes no lock.
    Answer<ipc::GrantList> list(const ipc::GrantListCall &call = {});

    // Ends the named grant, whose timer says that it is due, and every other one that is. One that
    // was extended is left alone until the moment of its end. An unknown id is fine.
    //   errors  the first thing that failed; all others were tried
    Result<void> expire(const std::string &id);
    // Makes ledger, memberships and timers agree, prunes the ledger, and writes RUN/reconciled once
    // no membership is left that should not be.
    Result<void> reconcile();
    // Ends every grant: the package is going.
    Result<void> purge();

    // Whether reconcile() was through in this boot.
    bool is_reconciled() const;

  private:
    // What a change works on, under the lock.
    struct Books {
        Fd lock; // jit_grantd/lock.h
        Fd gate;
        Ledger ledger;
        Backends memberships;
        // Their timers are stopped when the books are closed: they have ended just now; they had
        // ended before, or nobody knows them.
        std::vector<Entry> over;
        std::set<std::string> stopped; // of these, already
        std::vector<std::string> strays;
    };
    Result<Books> open_books();
    Result<Books> open_books_under(Fd lock);
    // The same, for ends: while somebody else writes the ledger, what is due is taken away first.
    //   id    of a grant whose timer says that it is due; empty: of none
    Result<Books> open_books_for_ends(const std::string &id);
    Result<void> take_due_away(const std::string &id);
    // What is granted, or goes on, is decided by these.
    struct Granting {
        Books books;
        RuleSet rules;
        Now now;
    };
    Answer<Granting> begin_granting();

    // The steps of grant(): what it would be; what is there already; doing it.
    Answer<Entry> prepare(Books &books, const ipc::GrantCall &call, Checked &checked,
                          const Now &now);
    std::optional<Refusal> find_parts(Books &books, const Checked &checked, Entry &entry);
    Result<bool> is_of_other_hands(const Books &books, const Entry &entry, const Checked &checked,
                                   std::size_t at, Memberships::Presence presence);
    Result<void> carry_out(Books &books, Entry &entry, const Checked &checked,
                           Timers::Arming &arming);
    Result<void> mark_live(Books &books, Entry &entry);
    // From one end to a later one, or back.
    Result<void> carry_on(Books &books, const Entry &old, const Entry &longer, const Now &now);
    // Arms the timer that an entry names.
    static Result<void> ask(Timers::Arming &arming, const Entry &entry, const Now &now);
    Result<void> arm(const Entry &entry, const Now &now);
    Result<void> rearm(const Entry &entry, const Now &now);
    // Where grants of one end have fewer exact timers than they may, some of the late ones are made
    // exact. Reports its own faults.
    //   until    of these grants; absent: of all
    bool keep_exact(Books &books, std::optional<WallTime> until);
    void undo(Books &books, Entry entry, bool is_recorded);

    bool is_shared(const Books &books, const Entry &entry, const std::string &group,
                   const Now &now) const;
    static std::vector<Memberships::Name> names_of(const Entry &entry); // that were made for it
    static ipc::GrantReply reply_of(const Entry &entry);
    Result<bool> has_part(Books &books, const Entry &entry, const Part &part);
    Result<void> take_back(Books &books, const Entry &entry, const Now &now);
    // The groups of the entry that its user no longer has.
    std::vector<gid_t> groups_gone(const Books &books, const Entry &entry, const Now &now);
    // Ends what runs under an ended entry, and notes in it what was found, and whether that is owed
    // still. Reports its own faults.
    void end_runs(Books &books, Entry &entry);
    bool end_strays(Books &books);
    void tell_user(const Entry &entry);
    Result<void> end_entry(Books &books, const Entry &entry, std::string_view cause);

    // In grants_expire.cc. Each is tried, whatever becomes of the others; the answers are in their
    // order.
    std::vector<Result<void>> end_each(Books &books, const std::vector<Ending> &endings);
    // The same. Reports its own faults. Errors: the first.
    Result<void> end_all(Books &books, const std::vector<Ending> &endings);
    std::vector<Result<void>> take_back_each(Books &books, const std::vector<Ending> &endings,
                                             const Now &now);
    // Whether nothing is left to do for a shot at this grant, or somebody else is doing it: late
    // ones must not queue up behind who writes the ends of a thousand.
    bool is_done_already(const std::string &id) const;
    // Of those that are due and whose memberships are gone: before the ledger is written, which may
    // take longer than the first of these is late. What they are for is done.
    void stop_late_timers(Books &books, const std::vector<Ending> &endings,
                          const std::vector<Result<void>> &done, const Now &now);
    std::vector<Ending> find_due(const Books &books, const std::string &id) const;
    // Ended entries and extended ones that owe a record, but for those that end now.
    std::vector<Entry> find_owing(const Books &books, const std::vector<Ending> &endings) const;
    // The records of ends, and that they are owed no more. Reports its own faults.
    bool say_ends(Books &books, std::vector<Entry> entries);
    // Lets go of the locks, then stops the timers of what has ended: a thousand take systemd a
    // while, and no id comes to life again. Reports its own faults.
    bool close(Books books);
    bool say_owed(Books &books, const std::vector<Entry> &owing);
    // What kept some of many from being done: the first few, and how many more.
    void report_each(const std::string &doing, const std::vector<std::string> &ids,
                     const std::vector<Result<void>> &done);
    // The record of an extension. Reports its own faults.
    bool say_extended(Books &books, Entry entry);

    // In reconcile.cc. Each reports its own faults and says whether there were none.
    Result<void> make_agree();
    bool handle_damage(Books &books);
    // Adds those that must end, as far as can be told.
    bool find_what_must_end(Books &books, std::vector<Ending> &endings);
    bool remove_orphans(Books &books);
    bool remove_remnants(Books &books); // in remnants.cc
    bool mend_timers(Books &books);
    bool prune(Books &books);
    //   is_first  nothing was reconciled in this boot yet
    Result<std::string_view> why_ended(Books &books, const Entry &entry, const Now &now,
                                       bool is_first);
    Result<void> write_reconciled();

    // Logs an error where it stops.
    void report(const std::string &doing, const Error &error);

    Places places_;
    Outside outside_;
    Runs runs_;
    ledger::KnownFiles known_;
    std::chrono::milliseconds patience_;
};

} // namespace jit::grantd
