#include "jit_grantd/userdb.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/text.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

using sys::list_directory;
using sys::open_directory;

namespace {

constexpr std::string_view suffix = ".membership";
constexpr std::size_t max_names = 65536;

// An empty file would be a mask: nss-systemd would be blind to the membership.
constexpr std::string_view content = "{}\n";

Result<std::string> file_of(const Memberships::Name &name)
{
    // Neither can hold ':' or '/': the name is one path component and has one reading.
    if (!is_name(name.user) || !is_name(name.group))
        return Error{Code::bad_input, "not a name of a user or group"};
    return name.user + ":" + name.group + std::string{suffix};
}

} // namespace

Result<Userdb> Userdb::open(const Places &places, Disk &disk)
{
    Fd directory = TRY(open_directory(places.userdb, 0755));
    return Userdb{disk, std::move(directory), places.masks};
}

Result<Memberships::Presence> Userdb::look(const Name &name)
{
    const std::string file = TRY(file_of(name));
    struct stat about {
    };
    if (fstatat(directory_.get(), file.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return Presence::absent;
        return Error{Code::unavailable, "cannot look at the membership", errno};
    }
    return S_ISREG(about.st_mode) && about.st_size > 0 ? Presence::present : Presence::masked;
}

Result<bool> Userdb::is_masked(const Name &name)
{
    const std::string file = TRY(file_of(name));
    const std::string path = masks_ + "/" + file;
    struct stat about {
    };
    if (lstat(path.c_str(), &about) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return false;
        return Error{Code::unavailable, "cannot look for a mask", errno};
    }
    // A link is followed as systemd follows it; one to /dev/null or to nowhere is a mask as well.
    if (stat(path.c_str(), &about) != 0)
        return true;
    return !S_ISREG(about.st_mode) || about.st_size == 0;
}

Result<void> Userdb::make(const std::vector<Name> &names)
{
    for (const Name &name : names) {
        const std::string file = TRY(file_of(name));
        TRY(disk_->write(directory_.get(), file, content, 0644));
    }
    return {};
}

std::vector<Result<void>> Userdb::remove_each(const std::vector<Name> &names)
{
    std::vector<Result<void>> done;
    std::vector<std::string> files;
    for (const Name &name : names) {
        auto file = file_of(name);
        done.push_back(file ? Result<void>{} : Result<void>{file.error()});
        if (file)
            files.push_back(*std::move(file));
    }
    const std::vector<Result<void>> removed = disk_->remove_each(directory_.get(), files);
    std::size_t next = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!done[i])
            continue;
        done[i] = removed[next++];
        if (!done[i])
            continue;
        const auto presence = look(names[i]);
        if (!presence)
            done[i] = presence.error();
        else if (*presence != Presence::absent)
            done[i] = Error{Code::unavailable, "the membership is still there"};
    }
    return done;
}

Result<std::vector<Memberships::Name>> Userdb::list() const
{
    std::vector<Name> names;
    for (const std::string &file : TRY(list_directory(directory_.get(), max_names))) {
        if (!file.ends_with(suffix))
            continue;
        const std::string_view whole{file.data(), file.size() - suffix.size()};
        const std::size_t colon = whole.find(':');
        if (colon == whole.npos)
            continue;
        Name name{std::string{whole.substr(0, colon)}, std::string{whole.substr(colon + 1)}};
        if (is_name(name.user) && is_name(name.group))
            names.push_back(std::move(name));
    }
    return names;
}

void Userdb::remove_temporary_files()
{
    const auto names = list_directory(directory_.get(), max_names);
    if (!names)
        return; // nss-systemd does not read them: they harm nobody
    for (const std::string &name : *names)
        if (sys::is_temporary(name))
            (void)disk_->remove(directory_.get(), name);
}

} // namespace jit::grantd
