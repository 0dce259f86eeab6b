#include "jit_grantd/nss_accounts.h"

#include <algorithm>
#include <cerrno>
#include <grp.h>
#include <pwd.h>

#include "jit_grantd/nscd.h"
#include "lib/sys/local_accounts.h"

namespace jit::grantd {

namespace {

constexpr std::size_t first_buffer_bytes = 4096;
constexpr std::size_t max_buffer_bytes = 8U << 20; // a directory's group of very many members
constexpr int max_groups = 65536;                  // the kernel's own limit (NGROUPS_MAX)

// Calls a get..._r function with as much room as it wants.
template <typename Found, typename Ask>
Result<Found> ask_until_it_fits(std::vector<char> &buffer, Ask ask)
{
    buffer.resize(first_buffer_bytes);
    for (;;) {
        Found entry{};
        Found *found = nullptr;
        const int error = ask(&entry, buffer.data(), buffer.size(), &found);
        if (error == EINTR)
            continue;
        if (error == ERANGE && buffer.size() < max_buffer_bytes) {
            buffer.resize(buffer.size() * 4);
            continue;
        }
        // getpwnam_r(3): any of these means that there is no such entry.
        if (found == nullptr &&
            (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM))
            return Error{Code::not_found, "the name service does not know it"};
        if (error != 0)
            return Error{Code::unavailable, "the name service failed", error};
        return entry;
    }
}

} // namespace

Result<Accounts::User> NssAccounts::find_user(const std::string &name)
{
    std::vector<char> buffer;
    const passwd found = TRY(ask_until_it_fits<passwd>(
        buffer, [&](passwd *entry, char *room, std::size_t size, passwd **result) {
            return getpwnam_r(name.c_str(), entry, room, size, result);
        }));
    return User{found.pw_name, found.pw_uid, found.pw_gid};
}

Result<gid_t> NssAccounts::find_group(const std::string &name)
{
    std::vector<char> buffer;
    const group found = TRY(ask_until_it_fits<group>(
        buffer, [&](group *entry, char *room, std::size_t size, group **result) {
            return getgrnam_r(name.c_str(), entry, room, size, result);
        }));
    return found.gr_gid;
}

Result<std::vector<std::string>> NssAccounts::names_of_gid(gid_t gid)
{
    std::vector<std::string> names;
    // The file is read line by line: getgrgid() tells of one name alone.
    for (const sys::LocalGroup &each : TRY(sys::read_group_file()))
        if (each.gid == gid)
            names.push_back(each.name);
    std::vector<char> buffer;
    const auto found = ask_until_it_fits<group>(
        buffer, [&](group *entry, char *room, std::size_t size, group **result) {
            return getgrgid_r(gid, entry, room, size, result);
        });
    if (!found && found.error().code != Code::not_found)
        return found.error();
    if (found && std::find(names.begin(), names.end(), found->gr_name) == names.end())
        names.emplace_back(found->gr_name);
    return names;
}

Result<bool> NssAccounts::is_member(const User &user, gid_t group)
{
    std::vector<gid_t> groups(64);
    for (;;) {
        int count = static_cast<int>(groups.size());
        if (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) >= 0) {
            groups.resize(static_cast<std::size_t>(count));
            return std::find(groups.begin(), groups.end(), group) != groups.end();
        }
        if (count <= static_cast<int>(groups.size()) || count > max_groups)
            return Error{Code::unavailable, "the name service has no end of groups"};
        groups.resize(static_cast<std::size_t>(count));
    }
}

Result<std::vector<std::string>> NssAccounts::local_groups(const std::string &user)
{
    return sys::read_local_groups(user);
}

bool NssAccounts::has_cache()
{
    return is_nscd_running();
}

Result<void> NssAccounts::flush_cache()
{
    return flush_nscd();
}

} // namespace jit::grantd
