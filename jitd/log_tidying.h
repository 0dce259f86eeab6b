// Has the ledger's log taken in when nobody waits: what that takes of the disk is no part of a
// sign-in then.
#pragma once

#include <functional>
#include <memory>

#include "jitd/audit.h"
#include "jitd/store.h"
#include "lib/sys/event.h"

namespace jit::daemon {

class LogTidying
{
  public:
    // Borrows all. Sleeps but for a moment after a write that finds the log long.
    //   is_busy  somebody waits for what is going on right now: later, then
    static Result<std::unique_ptr<LogTidying>> make(sd_event *loop, Store &store, Audit &audit,
                                                    std::function<bool()> is_busy);
    ~LogTidying() { store_.on_long_log({}); }
    LogTidying(const LogTidying &) = delete;
    LogTidying &operator=(const LogTidying &) = delete;

  private:
    LogTidying(Store &store, Audit &audit, std::function<bool()> is_busy)
        : store_(store), audit_(audit), is_busy_(std::move(is_busy))
    {
    }
    void look_soon();
    void look();

    Store &store_;
    Audit &audit_;
    std::function<bool()> is_busy_;
    std::unique_ptr<sys::Timer> timer_;
};

} // namespace jit::daemon
