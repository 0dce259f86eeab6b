#include "lib/sys/watchdog.h"

#include <systemd/sd-daemon.h>

namespace jit::sys {

Result<std::unique_ptr<Watchdog>> Watchdog::make(sd_event *loop)
{
    std::uint64_t usec = 0;
    const int r = sd_watchdog_enabled(0, &usec);
    if (r < 0)
        return Error{Code::bad_input, "systemd's watchdog time can't be read", -r};
    std::unique_ptr<Watchdog> made{new Watchdog(std::chrono::microseconds{r > 0 ? usec : 0})};
    Watchdog *const self = made.get();
    // First, lest those who come first keep it from being seen that the daemon lives.
    made->timer_ = TRY(Timer::make(
        loop, [self] { self->end_half_period(); }, Turn::first));
    if (r > 0)
        made->timer_->set(boot_time() + made->period_ / 2);
    return made;
}

void Watchdog::begin_turn()
{
    // Should systemd not hear it, the next turn tells it again.
    if (tell(plan_.begin_turn()))
        timer_->set(boot_time() + period_ / 2);
}

void Watchdog::end_half_period()
{
    (void)tell(plan_.end_half_period());
    if (!plan_.is_at_rest())
        timer_->set(boot_time() + period_ / 2);
}

// True if there was something to tell and it is told.
bool Watchdog::tell(WatchdogPlan::Tell what)
{
    int r = 0;
    switch (what) {
    case WatchdogPlan::Tell::nothing:
        return false;
    case WatchdogPlan::Tell::alive:
        r = sd_notify(0, "WATCHDOG=1");
        break;
    case WatchdogPlan::Tell::expect_nothing:
        r = sd_notify(0, "WATCHDOG_USEC=0");
        break;
    case WatchdogPlan::Tell::expect_again:
        r = sd_notifyf(0, "WATCHDOG_USEC=%lld", static_cast<long long>(period_.count()));
        break;
    }
    if (r > 0)
        plan_.told(what);
    return r > 0;
}

} // namespace jit::sys
