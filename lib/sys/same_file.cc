#include "lib/sys/same_file.h"

#include "lib/base/clock.h"

namespace jit::sys {

namespace {

// The coarsest clock of a file system that a root can be on is ext3's, of a second.
constexpr std::chrono::seconds clock_tick{2};

bool is_same(const timespec &a, const timespec &b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

} // namespace

bool is_same_file(const struct stat &a, const struct stat &b)
{
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           is_same(a.st_mtim, b.st_mtim) && is_same(a.st_ctim, b.st_ctim);
}

bool has_settled(const struct stat &file)
{
    return wall_time() >= WallTime{std::chrono::seconds{file.st_ctim.tv_sec}} + clock_tick;
}

} // namespace jit::sys
