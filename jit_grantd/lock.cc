#include "jit_grantd/lock.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>

#include "lib/base/clock.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

using sys::open_directory;

Result<Fd> take_lock(const std::string &run, std::chrono::milliseconds patience, const char *name)
{
    const Fd directory = TRY(open_directory(run, 0755));
    Fd lock{openat(directory.get(), name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!lock)
        return Error{Code::unavailable, "cannot open the lock", errno};
    const BootTime last = boot_time() + patience;
    // flock() has no deadline, and an alarm is no business of a library's: ask again.
    while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return Error{Code::unavailable, "cannot take the lock", errno};
        if (boot_time() >= last)
            return Error{Code::timed_out, "another process has held the lock for too long"};
        const timespec pause{0, 10'000'000};
        (void)nanosleep(&pause, nullptr);
    }
    return lock;
}

} // namespace jit::grantd
