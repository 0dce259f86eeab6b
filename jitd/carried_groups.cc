#include "jitd/carried_groups.h"

#include <syslog.h>

#include <algorithm>
#include <limits>

#include "lib/ipc/limits.h"
#include "lib/sys/journal.h"

namespace jit::daemon {

namespace {

constexpr gid_t no_gid = std::numeric_limits<gid_t>::max();

void warn(const std::string &group, const char *why)
{
    sys::write_journal(LOG_WARNING, "su does not carry group " + group + " on: " + why);
}

} // namespace

std::optional<std::uint32_t> find_gid(const std::string &group,
                                      const std::vector<sys::LocalGroup> &file)
{
    const auto found = std::find_if(file.begin(), file.end(),
                                    [&](const auto &each) { return each.name == group; });
    if (found == file.end() || found->gid == 0 || found->gid == no_gid)
        return std::nullopt;
    const bool is_shared = std::any_of(file.begin(), file.end(), [&](const auto &each) {
        return each.gid == found->gid && each.name != group;
    });
    if (is_shared)
        return std::nullopt;
    return found->gid;
}

std::vector<std::uint32_t> find_carried(const std::vector<std::string> &groups)
{
    std::vector<std::uint32_t> gids;
    // By the file alone: the name service can hang, and everybody's sudo with it.
    const auto file = sys::read_group_file();
    for (const std::string &group : groups) {
        const auto gid = file ? find_gid(group, *file) : std::nullopt;
        if (!file)
            warn(group, "/etc/group can't be read");
        else if (!gid)
            warn(group, "it needs a line in /etc/group, with a gid of its own that is not 0");
        else if (gids.size() < ipc::max_carried_groups)
            gids.push_back(*gid);
    }
    return gids;
}

} // namespace jit::daemon
