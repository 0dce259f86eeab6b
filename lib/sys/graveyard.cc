#include "lib/sys/graveyard.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>

namespace jit::sys {

namespace {

using namespace std::chrono_literals;

// One child for so many sockets, or for those of so long a time.
constexpr std::size_t most_together = 128;
constexpr auto gathering = 20ms;

} // namespace

Result<std::unique_ptr<Graveyard>> Graveyard::make(sd_event *loop)
{
    std::unique_ptr<Graveyard> made{new Graveyard};
    Graveyard *const self = made.get();
    made->soon_ = TRY(Timer::make(loop, [self] {
        self->bury();
        self->reap();
    }));
    return made;
}

Graveyard::~Graveyard()
{
    bury();
    // The program ends, and with it what could not be closed.
    for (Fd &fd : dead_)
        (void)fd.release();
    for (const pid_t child : children_)
        (void)waitpid(child, nullptr, 0);
}

void Graveyard::take(Fd socket)
{
    if (!socket)
        return;
    // From here on nothing more can be put into it.
    (void)shutdown(socket.get(), SHUT_RDWR);
    int unread = 0;
    if (ioctl(socket.get(), SIOCINQ, &unread) == 0 && unread == 0)
        return;
    dead_.push_back(std::move(socket));
    if (dead_.size() >= most_together)
        bury();
    if (!soon_->is_set())
        soon_->set(boot_time() + gathering);
}

void Graveyard::bury()
{
    if (dead_.empty())
        return;
    // The child's is to be the last of the two descriptors of each socket: it exits when we have
    // closed ours.
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return; // tried again with the next
    Fd hears{ends[0]};
    Fd tells{ends[1]};
    const pid_t child = _Fork(); // no handlers of fork(): all that it does is below
    if (child < 0)
        return;
    if (child == 0) {
        (void)close(ends[1]);
        char none = 0;
        while (read(ends[0], &none, 1) < 0 && errno == EINTR)
            ;
        _exit(0);
    }
    children_.push_back(child);
    dead_.clear();
}

void Graveyard::reap()
{
    std::erase_if(children_, [](pid_t child) { return waitpid(child, nullptr, WNOHANG) != 0; });
    if (!children_.empty() || !dead_.empty())
        soon_->set(boot_time() + gathering);
}

} // namespace jit::sys
