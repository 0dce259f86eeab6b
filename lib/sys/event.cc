#include "lib/sys/event.h"

#include <sys/epoll.h>

#include <ctime>

namespace jit::sys {

namespace {

std::int64_t priority_of(Turn turn)
{
    switch (turn) {
    case Turn::first:
        return SD_EVENT_PRIORITY_IMPORTANT;
    case Turn::last:
        return SD_EVENT_PRIORITY_IDLE;
    case Turn::usual:
        break;
    }
    return SD_EVENT_PRIORITY_NORMAL;
}

} // namespace

Result<Loop> make_loop()
{
    sd_event *made = nullptr;
    const int r = sd_event_default(&made);
    if (r < 0)
        return Error{Code::internal, "no event loop", -r};
    return Loop{made};
}

// What sd_event_loop(3) does, with the call in between.
Result<void> run_loop(sd_event *loop, const std::function<void()> &begin_turn)
{
    while (sd_event_get_state(loop) != SD_EVENT_FINISHED) {
        int r = sd_event_prepare(loop);
        if (r == 0)
            r = sd_event_wait(loop, UINT64_MAX);
        if (r > 0) {
            begin_turn();
            r = sd_event_dispatch(loop);
        }
        if (r < 0)
            return Error{Code::internal, "the event loop failed", -r};
    }
    return {};
}

Result<std::unique_ptr<Timer>> Timer::make(sd_event *loop, Due due, Turn turn,
                                           std::chrono::microseconds accuracy)
{
    std::unique_ptr<Timer> timer{new Timer(std::move(due))};
    sd_event_source *source = nullptr;
    const int r =
        sd_event_add_time(loop, &source, CLOCK_BOOTTIME, 0,
                          static_cast<std::uint64_t>(accuracy.count()), &Timer::fire, timer.get());
    if (r < 0)
        return Error{Code::internal, "no timer", -r};
    timer->source_.reset(source);
    (void)sd_event_source_set_priority(source, priority_of(turn));
    timer->stop();
    return timer;
}

void Timer::set(BootTime at)
{
    const auto usec = at.time_since_epoch().count();
    (void)sd_event_source_set_time(source_.get(), usec > 0 ? static_cast<std::uint64_t>(usec) : 0);
    (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
    set_ = true;
}

void Timer::stop()
{
    (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
    set_ = false;
}

int Timer::fire(sd_event_source *, std::uint64_t, void *self) noexcept
{
    auto *timer = static_cast<Timer *>(self);
    timer->set_ = false;
    timer->due_();
    return 0;
}

Result<std::unique_ptr<Watch>> Watch::make(sd_event *loop, int fd, std::uint32_t events,
                                           Ready ready, Turn turn)
{
    std::unique_ptr<Watch> watch{new Watch(std::move(ready))};
    sd_event_source *source = nullptr;
    const int r = sd_event_add_io(loop, &source, fd, events, &Watch::fire, watch.get());
    if (r < 0)
        return Error{Code::internal, "a descriptor can't be watched", -r};
    watch->source_.reset(source);
    (void)sd_event_source_set_priority(source, priority_of(turn));
    return watch;
}

void Watch::set_events(std::uint32_t events)
{
    (void)sd_event_source_set_io_events(source_.get(), events);
}

void Watch::stop()
{
    (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
}

int Watch::fire(sd_event_source *, int, std::uint32_t events, void *self) noexcept
{
    static_cast<Watch *>(self)->ready_(events);
    return 0;
}

Result<std::unique_ptr<Later>> Later::make(sd_event *loop, Run run)
{
    std::unique_ptr<Later> later{new Later(std::move(run))};
    sd_event_source *source = nullptr;
    const int r = sd_event_add_defer(loop, &source, &Later::fire, later.get());
    if (r < 0)
        return Error{Code::internal, "no deferred call", -r};
    later->source_.reset(source);
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return later;
}

void Later::schedule()
{
    (void)sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}

int Later::fire(sd_event_source *, void *self) noexcept
{
    static_cast<Later *>(self)->run_();
    return 0;
}

} // namespace jit::sys
