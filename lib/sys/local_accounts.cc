#include "lib/sys/local_accounts.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <utility>

#include "lib/base/handle.h"

namespace jit::sys {

namespace {

using File = Handle<FILE, &fclose>;

constexpr std::size_t first_buffer_bytes = 4096;
constexpr std::size_t max_line_bytes = 4U << 20; // a group of some 100,000 members

Result<File> open_file(const std::string &path)
{
    File file{fopen(path.c_str(), "re")};
    if (!file)
        return Error{Code::unavailable, "cannot open the group or passwd file", errno};
    return file;
}

// Calls fgetgrent_r or fgetpwent_r for each line. `each` returns false to stop.
template <typename Entry, typename Read, typename Each>
Result<void> for_each(const std::string &path, Read read, Each each)
{
    const File file = TRY(open_file(path));
    std::vector<char> buffer(first_buffer_bytes);
    for (;;) {
        Entry entry{};
        Entry *found = nullptr;
        // On ERANGE the C library goes back to the line's beginning.
        const int error = read(file.get(), &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE && buffer.size() < max_line_bytes) {
            buffer.resize(buffer.size() * 4);
            continue;
        }
        if (error == ENOENT || (error == 0 && found == nullptr))
            return {};
        if (error != 0)
            return Error{Code::unavailable, "cannot read the group or passwd file", error};
        if (!each(entry))
            return {};
    }
}

} // namespace

Result<std::vector<LocalGroup>> read_group_file(const std::string &path)
{
    std::vector<LocalGroup> groups;
    TRY(for_each<group>(path, fgetgrent_r, [&](const group &entry) {
        LocalGroup made{entry.gr_name, entry.gr_gid, {}};
        for (char **member = entry.gr_mem; member != nullptr && *member != nullptr; ++member)
            made.members.emplace_back(*member);
        groups.push_back(std::move(made));
        return true;
    }));
    return groups;
}

Result<std::vector<std::string>> read_local_groups(const std::string &user)
{
    return read_local_groups(user, "/etc/group", "/etc/passwd");
}

Result<std::vector<std::string>> read_local_groups(const std::string &user,
                                                   const std::string &group_file,
                                                   const std::string &passwd_file)
{
    std::optional<gid_t> own;
    TRY(for_each<passwd>(passwd_file, fgetpwent_r, [&](const passwd &entry) {
        if (user != entry.pw_name)
            return true;
        own = entry.pw_gid;
        return false;
    }));
    std::vector<std::string> names;
    for (const LocalGroup &each : TRY(read_group_file(group_file))) {
        const bool listed =
            std::find(each.members.begin(), each.members.end(), user) != each.members.end();
        if (listed || (own && each.gid == *own))
            names.push_back(each.name);
    }
    return names;
}

Result<std::vector<std::string>> add_same_uid(std::vector<std::string> names,
                                              const std::string &passwd_file)
{
    const auto has = [&](const std::string &name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    std::vector<std::pair<std::string, uid_t>> all;
    std::vector<uid_t> uids;
    TRY(for_each<passwd>(passwd_file, fgetpwent_r, [&](const passwd &entry) {
        all.emplace_back(entry.pw_name, entry.pw_uid);
        if (has(entry.pw_name))
            uids.push_back(entry.pw_uid);
        return true;
    }));
    for (const auto &[name, uid] : all)
        if (std::find(uids.begin(), uids.end(), uid) != uids.end() && !has(name))
            names.push_back(name);
    return names;
}

} // namespace jit::sys
