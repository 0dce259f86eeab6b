// Writes each event to the ledger, then to the journal with the chain's new head.
#pragma once

#include <map>
#include <string>

#include "jitd/audit_record.h"
#include "jitd/store.h"

namespace jit::daemon {

class Audit
{
  public:
    explicit Audit(Store &store) : store_(store) {}

    // Never fails for the caller: a ledger that can't be written is said in the journal, where the
    // record stands without a chain.
    //   returns  whether the record is on disk in the ledger
    bool write(const AuditRecord &record);

    // The same for what a local user can cause as often as he likes: past limits::refusals_a_minute
    // of one user the rest of that minute is counted, and said in one record afterwards.
    void write_limited(const AuditRecord &record, BootTime now);

  private:
    struct Spent {
        BootTime window{};
        unsigned written = 0;
        unsigned left_out = 0;
    };

    Store &store_;
    std::map<std::string, Spent> spent_; // by user; old windows are dropped as new ones come
};

} // namespace jit::daemon
