#include "tests/bench/loop.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace jit::bench {

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC))
{
    if (epoll_ < 0)
        die("no epoll");
}

Loop::~Loop()
{
    close(epoll_);
}

void Loop::add(int fd, std::uint32_t events, Watched *watched)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = watched;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
        die("a descriptor can't be watched");
}

void Loop::set(int fd, std::uint32_t events, Watched *watched)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = watched;
    (void)epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

bool Loop::run(double until_ms, const std::function<bool()> &is_done)
{
    std::array<epoll_event, 64> events;
    for (;;) {
        if (is_done())
            return true;
        const double left = until_ms - now_ms();
        if (left <= 0)
            return false;
        const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                     static_cast<int>(std::min(left, 1000.0)) + 1);
        if (count < 0 && errno != EINTR)
            die("epoll failed");
        for (int i = 0; i < count; ++i)
            static_cast<Watched *>(events[static_cast<std::size_t>(i)].data.ptr)
                ->on_ready(events[static_cast<std::size_t>(i)].events);
    }
}

} // namespace jit::bench
