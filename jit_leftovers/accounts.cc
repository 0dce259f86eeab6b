#include "jit_leftovers/accounts.h"

#include <algorithm>
#include <fcntl.h>

#include "jit_leftovers/tree.h"

namespace jit::leftovers {

namespace {

using namespace std::chrono_literals;

bool is_ours(const struct statx &about, const std::vector<WallTime> &moments)
{
    const WallTime changed{std::chrono::seconds{about.stx_ctime.tv_sec}};
    return std::any_of(moments.begin(), moments.end(),
                       [&](WallTime moment) { return std::chrono::abs(changed - moment) <= 2s; });
}

} // namespace

std::vector<std::string> find_new_accounts(const std::vector<sys::LocalUser> &now,
                                           const std::vector<sys::LocalUser> &before)
{
    std::vector<std::string> found;
    for (const sys::LocalUser &user : now) {
        const bool was_there =
            std::any_of(before.begin(), before.end(), [&](const sys::LocalUser &old) {
                return old.name == user.name && old.uid == user.uid;
            });
        if (user.uid == 0 && user.name != "root")
            found.push_back(user.name + " (uid 0)");
        else if (!was_there && !before.empty())
            found.push_back(user.name);
    }
    return found;
}

void look_at_accounts(const std::string &root, const std::vector<sys::LocalUser> &users,
                      const std::vector<WallTime> &moments, Traces &traces)
{
    for (const char *path : {"/etc/passwd", "/etc/shadow"})
        if (const auto about = look_at(AT_FDCWD, root + path))
            traces.add(ipc::LeftoverKind::accounts, path, *about);
    for (const char *path : {"/etc/group", "/etc/gshadow"})
        if (const auto about = look_at(AT_FDCWD, root + path); about && !is_ours(*about, moments))
            traces.add(ipc::LeftoverKind::accounts, path, *about);

    const auto passwd = look_at(AT_FDCWD, root + "/etc/passwd");
    if (!passwd || !traces.is_of_interest(*passwd))
        return;
    // The one before may be of any time: only if it was written together with this one does it say
    // what changed then.
    const auto old = look_at(AT_FDCWD, root + "/etc/passwd-");
    std::vector<sys::LocalUser> before;
    if (old && traces.is_of_interest(*old))
        before =
            sys::read_passwd_file(root + "/etc/passwd-").value_or(std::vector<sys::LocalUser>{});
    for (const std::string &name : find_new_accounts(users, before))
        traces.add_by(ipc::LeftoverKind::account, name, *passwd);
}

} // namespace jit::leftovers
