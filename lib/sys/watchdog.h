// The sign of life that systemd expects (WatchdogSec= in systemd.service(5)), which costs nothing
// while nothing goes on.
#pragma once

#include <chrono>
#include <memory>

#include "lib/sys/event.h"

namespace jit::sys {

// When to tell systemd what: pure.
//
//   awake ── every half period, if there was a turn of the loop since the last time ──→ alive
//         ── every half period, if there was none ────────────────────────────────────→ expect
//         nothing
//   at rest ── a turn begins ─────────────────────────────────────────────→ expect signs again,
//   awake
//
// Whatever wakes the daemon is handled with the watchdog on, so one that hangs in it is killed. At
// rest there is nothing to hang in but the wait itself: one who stops the process there, as a
// debugger does, has to let it go on again.
class WatchdogPlan
{
  public:
    enum class Tell {
        nothing,
        alive,
        expect_nothing,
        expect_again
    };

    // Something is about to be handled, perhaps only the half period's end.
    Tell begin_turn()
    {
        ++turns_;
        return is_at_rest_ ? Tell::expect_again : Tell::nothing;
    }
    // Half a period is over. Not called at rest.
    Tell end_half_period()
    {
        const bool is_quiet = turns_ <= 1; // its own
        turns_ = 0;
        return is_quiet ? Tell::expect_nothing : Tell::alive;
    }
    // systemd has been told. Until it has, all is as before.
    void told(Tell what)
    {
        if (what == Tell::expect_nothing || what == Tell::expect_again)
            is_at_rest_ = what == Tell::expect_nothing;
    }
    bool is_at_rest() const { return is_at_rest_; }

  private:
    unsigned long turns_ = 0; // in this half period
    bool is_at_rest_ = false;
};

// The same for the loop of a service. Does nothing where systemd expects no sign of life.
class Watchdog
{
  public:
    // Borrows the loop, which must be run by run_loop() with begin_turn().
    static Result<std::unique_ptr<Watchdog>> make(sd_event *loop);

    void begin_turn();

  private:
    explicit Watchdog(std::chrono::microseconds period) : period_(period) {}
    void end_half_period();
    bool tell(WatchdogPlan::Tell what);

    std::chrono::microseconds period_;
    WatchdogPlan plan_;
    std::unique_ptr<Timer> timer_;
};

} // namespace jit::sys
