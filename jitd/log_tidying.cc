#include "jitd/log_tidying.h"

namespace jit::daemon {

namespace {

// Longer than from a yes to its grant.
constexpr std::chrono::milliseconds pause{150};

} // namespace

Result<std::unique_ptr<LogTidying>> LogTidying::make(sd_event *loop, Store &store, Audit &audit,
                                                     std::function<bool()> is_busy)
{
    std::unique_ptr<LogTidying> made{new LogTidying(store, audit, std::move(is_busy))};
    LogTidying *const self = made.get();
    made->timer_ = TRY(sys::Timer::make(
        loop, [self] { self->look(); }, sys::Turn::last));
    store.on_long_log([self] { self->look_soon(); });
    return made;
}

void LogTidying::look_soon()
{
    if (!timer_->is_set())
        timer_->set(boot_time() + pause);
}

void LogTidying::look()
{
    if (is_busy_())
        return look_soon();
    // The first write to a log that begins anew waits for the disk once more, for its head: this
    // one.
    if (store_.take_in_log())
        audit_.note_told();
}

} // namespace jit::daemon
