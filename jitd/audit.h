// Writes each event to the ledger, then to the journal with the chain's new head.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "jitd/audit_record.h"
#include "jitd/store.h"

namespace jit::daemon {

class Notices;

class Audit
{
  public:
    // Borrows both.
    //   notices  tell webhooks of what is written; null: nobody is told
    explicit Audit(Store &store, Notices *notices = nullptr) : store_(store), notices_(notices) {}

    // Never fails for the caller: a ledger that can't be written is said in the journal, where the
    // record stands without a chain.
    //   with     changes in the ledger together with the record, or not at all; null: nothing
    //   returns  whether the record is on disk in the ledger
    bool write(const AuditRecord &record, const StoredRequest *with = nullptr);

    // The same for a record that more of the ledger follows in this turn: within a Store::Turn it
    // is in the ledger with the next write, or by Store::settle(), and the journal has it after
    // that.
    //   failed  called if it could not be written, then or now
    void write_soon(AuditRecord record, std::function<void()> failed);

    // The same for a record that could not be written before, and is in the journal without a
    // chain: says nothing unless it succeeds now.
    bool write_late(const AuditRecord &record, const StoredRequest *with);

    // Once, at the start: tells the journal the newest records again if a crash may have come
    // between the ledger and the journal. Whoever reads both knows them by their JIT_CHAIN.
    void tell_untold();
    // The journal has all: at an orderly end, or when nothing goes on.
    void note_told();

    // The same for what a local user can cause as often as he likes, refusals and uses: past so
    // many of one user in a minute (limits) the rest is counted, and said in one record afterwards.
    //   is_unproven  nobody has proven who it was: it counts for all strangers together, so that
    //                nobody fills another's share or, from ever new addresses, the ledger
    void write_limited(const AuditRecord &record, BootTime now, bool is_unproven = false);

    // Says what was left out in minutes that are over; with `all`, in this one too.
    void say_left_out(BootTime now, bool all);

  private:
    struct Minute {
        BootTime began{};
        unsigned written = 0;
        unsigned left_out = 0;
        AuditRecord last; // of those left out
    };

    Result<std::string> append(const AuditRecord &record, const StoredRequest *with);

    Store &store_;
    Notices *notices_;
    std::map<std::pair<Event, std::string>, Minute> minutes_; // by event and user; none: unproven
};

} // namespace jit::daemon
