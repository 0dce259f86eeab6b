// How often SQLite waits for the disk, and whether all that it has written is there; and a disk
// that fails at it. Include tests/unit/jitd/dying_disk.h and call stand_between() first.
#pragma once

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/jitd/dying_disk.h"

namespace jit::daemon::test {

struct Waits {
    int count = 0;
    int failures_left = 0; // of those to come
    int written = 0;       // disk.writes at the last one

    bool is_all_on_disk() const { return disk.writes == written; }
};
inline Waits waits;

} // namespace jit::daemon::test

// Found by SQLite, too: it looks for it in the program first.
extern "C" [[gnu::visibility("default")]] int fdatasync(int file)
{
    using namespace jit::daemon::test;
    ++waits.count;
    if (waits.failures_left > 0) {
        --waits.failures_left;
        errno = EIO;
        return -1;
    }
    waits.written = disk.writes;
    return static_cast<int>(syscall(SYS_fdatasync, file));
}
