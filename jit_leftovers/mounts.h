// What is mounted where: which file systems are this host's own, and so may be searched. One that
// lives on another host might not answer for hours.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jit::leftovers {

struct Mount {
    std::string point; // absolute
    std::string root;  // what of its file system is seen there; "/": all
    std::string type;
};

// Reads /proc/PID/mountinfo (proc(5)). Lines that are of another shape are left out.
std::vector<Mount> parse_mounts(std::string_view mountinfo);

// The type is that of a disk's or of memory's own file system.
bool is_local(const Mount &mount);

// The mounts of which every folder is gone through: the root, then those that show most of their
// file system first. An overlay only where it is the host's own root: what is written to any other
// one lies in its upper folder, which is gone through.
std::vector<Mount> find_searched(const std::vector<Mount> &mounts);

// The points of all that is not this host's own.
std::set<std::string> find_avoided(const std::vector<Mount> &mounts);

// Whether a path is another one or lies below it.
bool is_within(std::string_view path, std::string_view other);

} // namespace jit::leftovers
