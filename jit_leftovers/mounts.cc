#include "jit_leftovers/mounts.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace jit::leftovers {

namespace {

// ext2 and ext3 are mounted by ext4's driver under their own names. Memory's: /run, /tmp, /dev/shm.
constexpr std::array<std::string_view, 15> local_types{
    "ext4", "ext3",  "ext2",   "xfs", "btrfs",    "f2fs",  "bcachefs", "zfs",
    "jfs",  "tmpfs", "nilfs2", "ufs", "reiserfs", "ramfs", "overlay"};

std::vector<std::string_view> split_fields(std::string_view line)
{
    std::vector<std::string_view> fields;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        if (end > 0)
            fields.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return fields;
}

// Space, tab, newline and backslash come as three octal digits.
std::string unescape(std::string_view text)
{
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string out;
    while (!text.empty()) {
        if (text.size() >= 4 && text[0] == '\\' && is_octal(text[1]) && text[1] < '4' &&
            is_octal(text[2]) && is_octal(text[3])) {
            out += static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text.remove_prefix(4);
        } else {
            out += text[0];
            text.remove_prefix(1);
        }
    }
    return out;
}

} // namespace

bool is_within(std::string_view path, std::string_view other)
{
    if (other == "/")
        return path.starts_with('/');
    return path.starts_with(other) && (path.size() == other.size() || path[other.size()] == '/');
}

std::vector<Mount> parse_mounts(std::string_view mountinfo)
{
    std::vector<Mount> mounts;
    while (!mountinfo.empty()) {
        const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
        const auto fields = split_fields(mountinfo.substr(0, end));
        mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
        // id, parent, device, root, point, options, optional fields, "-", type
        const auto dash = std::find(fields.begin(), fields.end(), "-");
        if (dash - fields.begin() < 6 || fields.end() - dash < 2)
            continue;
        Mount mount{unescape(fields[4]), unescape(fields[3]), std::string{dash[1]}};
        if (mount.point.starts_with('/') && mount.point.find('\0') == mount.point.npos)
            mounts.push_back(std::move(mount));
    }
    return mounts;
}

bool is_local(const Mount &mount)
{
    return std::find(local_types.begin(), local_types.end(), mount.type) != local_types.end();
}

std::vector<Mount> find_searched(const std::vector<Mount> &mounts)
{
    std::vector<Mount> found;
    for (const Mount &mount : mounts)
        if (is_local(mount) && (mount.type != "overlay" || mount.point == "/"))
            found.push_back(mount);
    std::stable_sort(found.begin(), found.end(), [](const Mount &a, const Mount &b) {
        return std::tuple{a.point != "/", a.root.size(), a.point.size()} <
               std::tuple{b.point != "/", b.root.size(), b.point.size()};
    });
    return found;
}

std::set<std::string> find_avoided(const std::vector<Mount> &mounts)
{
    std::set<std::string> avoided;
    for (const Mount &mount : mounts)
        if (!is_local(mount))
            avoided.insert(mount.point);
    return avoided;
}

} // namespace jit::leftovers
