#include "lib/sys/local_accounts.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <grp.h>
#include <map>
#include <optional>
#include <pwd.h>
#include <utility>

#include "lib/base/handle.h"
#include "lib/sys/same_file.h"

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

Result<std::vector<LocalUser>> read_passwd_file(const std::string &path)
{
    std::vector<LocalUser> users;
    TRY(for_each<passwd>(path, fgetpwent_r, [&](const passwd &entry) {
        users.push_back({entry.pw_name, entry.pw_uid, entry.pw_dir});
        return true;
    }));
    return users;
}

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

Result<void> LocalNames::read()
{
    is_read_ = false;
    shared_.clear();
    std::map<uid_t, std::vector<std::string>> all;
    TRY(for_each<passwd>(path_, fgetpwent_r, [&](const passwd &entry) {
        std::vector<std::string> &names = all[entry.pw_uid];
        if (std::find(names.begin(), names.end(), entry.pw_name) == names.end())
            names.emplace_back(entry.pw_name);
        return true;
    }));
    for (auto &[uid, names] : all)
        if (names.size() > 1)
            shared_.push_back(std::move(names));
    return {};
}

Result<std::vector<std::string>> LocalNames::add_same_uid(std::vector<std::string> names)
{
    // Looked at before it is read: what changes in between is seen the next time.
    struct stat now = {};
    if (stat(path_.c_str(), &now) != 0)
        return Error{Code::unavailable, "cannot open the group or passwd file", errno};
    if (!is_read_ || !is_same_file(now, seen_)) {
        TRY(read());
        seen_ = now;
        is_read_ = has_settled(now);
    }
    const auto has = [&](const std::string &name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    // A name may stand in the file with several uids: one found by it does not find others in turn.
    std::vector<std::string> more;
    for (const std::vector<std::string> &same : shared_)
        if (std::any_of(same.begin(), same.end(), has))
            more.insert(more.end(), same.begin(), same.end());
    for (std::string &name : more)
        if (!has(name))
            names.push_back(std::move(name));
    return names;
}

} // namespace jit::sys
