#include "jit_leftovers/programs.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/xattr.h>
#include <utility>

#include "jit_leftovers/limits.h"

namespace jit::leftovers {

namespace {

using Kind = ipc::LeftoverKind;

// What of a file system is seen at a mount.
struct Part {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::string root;
    bool has(const Part &other) const
    {
        return major == other.major && minor == other.minor && is_within(other.root, root);
    }
};

bool has_capability(const Seen &seen)
{
    // Through the open folder, and of a link nothing but itself: the file is not opened.
    const std::string path =
        "/proc/self/fd/" + std::to_string(seen.folder) + "/" + std::string{seen.name};
    return lgetxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

void look_at_program(const Seen &seen, Traces &traces)
{
    if (seen.is_link() || !traces.is_of_interest(seen.about))
        return;
    // Without the right to execute, the group's bit means locking.
    constexpr auto group = S_ISGID | S_IXGRP;
    if ((seen.about.stx_mode & S_ISUID) != 0)
        traces.add(Kind::setuid, seen.path, seen.about);
    else if ((seen.about.stx_mode & group) == group)
        traces.add(Kind::setgid, seen.path, seen.about);
    if (has_capability(seen))
        traces.add(Kind::capability, seen.path, seen.about);
}

} // namespace

void look_at_programs(const std::string &root, const std::vector<Mount> &mounts, Traces &traces,
                      Budget &budget)
{
    std::vector<Part> gone_through;
    for (const Mount &mount : find_searched(mounts)) {
        auto folder = open_folder(AT_FDCWD, root + mount.point);
        if (!folder)
            continue; // unmounted since, below another mount, or a file
        const auto about = look_at(folder->get(), "");
        if (!about)
            continue;
        Part part{about->stx_dev_major, about->stx_dev_minor, mount.root};
        if (std::any_of(gone_through.begin(), gone_through.end(),
                        [&](const Part &one) { return one.has(part); }))
            continue;
        gone_through.push_back(std::move(part));
        go_through(*std::move(folder), mount.point, max_depth, budget,
                   [&](const Seen &seen) { look_at_program(seen, traces); });
    }
}

} // namespace jit::leftovers
