#include "pam_jit/carried_groups.h"

#include <grp.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace jit::pam {

namespace {

bool has(const gid_t *groups, std::size_t count, gid_t wanted)
{
    for (std::size_t i = 0; i < count; ++i)
        if (groups[i] == wanted)
            return true;
    return false;
}

// room: for so many more than the process has now.
bool add_within(gid_t *all, std::size_t held, const ipc::GroupIds &groups)
{
    // Somebody who had more in between would lose them.
    const int got = getgroups(static_cast<int>(held), all);
    if (got < 0)
        return false;
    std::size_t count = static_cast<std::size_t>(got);
    for (std::size_t i = 0; i < groups.count; ++i)
        if (!has(all, count, groups.gids[i]))
            all[count++] = groups.gids[i];
    if (count == static_cast<std::size_t>(got))
        return true;
    if (count > NGROUPS_MAX) {
        errno = E2BIG;
        return false;
    }
    return setgroups(count, all) == 0;
}

} // namespace

bool add_groups(const ipc::GroupIds &groups)
{
    if (groups.count == 0)
        return true;
    const int held = getgroups(0, nullptr);
    if (held < 0)
        return false;
    // Up to 256 KiB: too much for a stack that is another program's, and this module has no heap.
    const std::size_t bytes = (static_cast<std::size_t>(held) + groups.count) * sizeof(gid_t);
    void *pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return false;
    const bool is_done =
        add_within(static_cast<gid_t *>(pages), static_cast<std::size_t>(held), groups);
    const int sys = errno;
    (void)munmap(pages, bytes);
    errno = sys;
    return is_done;
}

} // namespace jit::pam
