// Making and ending grants. Each call takes the lock, reads the ledger anew and leaves memberships,
// timers and ledger in agreement, or in a state that reconcile() brings to agreement:
//
//   granting   ledger "granting" -> timer armed -> memberships made -> seen through the name
//              service -> record -> ledger "live". A failure undoes it all, in reverse. A crash
//              leaves "granting": reconcile() takes back what was made, and says so.
//   extending  ledger with the later end, which owes a record -> timer replaced -> record ->
//              ledger. A crash leaves the timer of the old end, whose shot hits nothing:
//              reconcile() arms another.
//   ending     memberships removed and seen to be gone -> ledger "ended", which owes a record ->
//              record -> ledger "ended" -> timer stopped. A crash or a full disk leaves "live"
//              without membership: an end is repeated as often as need be. A record that is owed
//              is written by whoever comes next: once too often rather than never.
//
// Two live grants that give one user the same group share its file: it stays until the later end.
#pragma once

#include <string>

#include "jit_grantd/answer.h"
#include "jit_grantd/backends.h"
#include "jit_grantd/checks.h"
#include "jit_grantd/ledger.h"
#include "jit_grantd/limits.h"
#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "lib/base/fd.h"
#include "lib/ipc/granting.h"

namespace jit::grantd {

class Grants
{
  public:
    // Borrows what is outside.
    Grants(Places places, Outside outside,
           std::chrono::milliseconds patience = std::chrono::milliseconds{lock_patience})
        : places_(std::move(places)), outside_(std::move(outside)), patience_(patience)
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
    // Live grants, oldest first, then ended ones, latest end first. Takes no lock.
    Answer<ipc::GrantList> list();

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
        Fd lock;
        Ledger ledger;
        Backends memberships;
    };
    Result<Books> open_books();
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
    Result<void> carry_out(Books &books, Entry &entry, const Checked &checked);
    Result<void> mark_live(Books &books, Entry &entry);
    // From one end to a later one, or back.
    Result<void> carry_on(Books &books, const Entry &old, const Entry &longer, const Now &now);
    void undo(Books &books, Entry entry, bool is_recorded);

    bool is_shared(const Books &books, const Entry &entry, const std::string &group,
                   const Now &now) const;
    static std::vector<Memberships::Name> names_of(const Entry &entry); // that were made for it
    static ipc::GrantReply reply_of(const Entry &entry);
    Result<bool> has_part(Books &books, const Entry &entry, const Part &part);
    Result<void> take_back(Books &books, const Entry &entry, const Now &now);
    Result<void> end_entry(Books &books, Entry entry, std::string_view cause);
    // The record of an extension. Reports its own faults.
    bool say_extended(Books &books, Entry entry);
    // The record of an end, and what comes after it. Reports its own faults.
    bool say_end(Books &books, Entry entry);
    bool say_what_is_owed(Books &books);

    // In reconcile.cc. Each reports its own faults and says whether there were none.
    Result<void> make_agree();
    bool handle_damage(Books &books);
    bool end_what_must(Books &books);
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
    std::chrono::milliseconds patience_;
};

} // namespace jit::grantd
