// sd-event(3) with owners, and the one barrier through which C calls back into C++.
#pragma once

#include <functional>
#include <memory>

#include <systemd/sd-event.h>

#include "lib/base/clock.h"
#include "lib/base/handle.h"
#include "lib/base/result.h"

namespace jit::sys {

using Loop = Handle<sd_event, &sd_event_unref>;
using Source = Handle<sd_event_source, &sd_event_source_disable_unref>;

// The loop of this thread. Errors: internal.
Result<Loop> make_loop();

// Runs the loop until sd_event_exit().
//   begin_turn  called whenever something is about to be handled, before it is
//   errors      internal: the loop failed
Result<void> run_loop(sd_event *loop, const std::function<void()> &begin_turn);

// Who comes first when several have something to do.
enum class Turn {
    first,
    usual,
    last
};

// A timer on CLOCK_BOOTTIME that is armed as often as wanted. Borrows the loop.
class Timer
{
  public:
    using Due = std::function<void()>;

    //   accuracy  how much later than its time it may come, so that wake-ups are joined
    static Result<std::unique_ptr<Timer>>
    make(sd_event *loop, Due due, Turn turn = Turn::usual,
         std::chrono::microseconds accuracy = std::chrono::milliseconds{10});

    // Calls `due` once at the time, or at once if it is past. A new time replaces the old.
    void set(BootTime at);
    void stop();
    bool is_set() const { return set_; }

  private:
    explicit Timer(Due due) : due_(std::move(due)) {}
    static int fire(sd_event_source *source, std::uint64_t usec, void *self) noexcept;

    Due due_;
    bool set_ = false;
    Source source_;
};

// Calls back when a descriptor is ready. Borrows loop and descriptor; the descriptor must be closed
// after it.
class Watch
{
  public:
    using Ready = std::function<void(std::uint32_t events)>;

    static Result<std::unique_ptr<Watch>> make(sd_event *loop, int fd, std::uint32_t events,
                                               Ready ready, Turn turn = Turn::usual);
    void set_events(std::uint32_t events);
    // No more calls; the descriptor may be closed afterwards. Works inside the callback itself.
    void stop();

  private:
    explicit Watch(Ready ready) : ready_(std::move(ready)) {}
    static int fire(sd_event_source *source, int fd, std::uint32_t events, void *self) noexcept;

    Ready ready_;
    Source source_;
};

// Calls back once, from the loop, after what runs now has returned. Lets an object end itself.
class Later
{
  public:
    using Run = std::function<void()>;

    static Result<std::unique_ptr<Later>> make(sd_event *loop, Run run);
    void schedule(); // more often than once before it runs: it runs once

  private:
    explicit Later(Run run) : run_(std::move(run)) {}
    static int fire(sd_event_source *source, void *self) noexcept;

    Run run_;
    Source source_;
};

} // namespace jit::sys
