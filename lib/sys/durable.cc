#include "lib/sys/durable.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/sys/same_file.h"

namespace jit::sys {

namespace {

bool is_component(std::string_view name)
{
    return !name.empty() && name != "." && name != ".." && name.size() < 200 &&
           name.find('/') == name.npos && name.find('\0') == name.npos;
}

// A name that no other writer has, and that is_temporary() knows again after a crash.
Result<std::string> temporary_name(const std::string &name)
{
    std::array<char, 8> random{};
    if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
        return Error{Code::unavailable, "no random bytes", errno};
    return "." + name + ".jit-" + encode_hex({random.data(), random.size()});
}

Result<void> write_whole(int file, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return Error{Code::unavailable, "cannot write the file", errno};
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// How the new file is to be; `old` is null where there need be none.
struct Wanted {
    mode_t mode = 0;
    const struct stat *old = nullptr;
};

Result<void> fill(int file, std::string_view bytes, const Wanted &wanted)
{
    TRY(write_whole(file, bytes));
    struct stat made {
    };
    if (fstat(file, &made) != 0)
        return Error{Code::unavailable, "cannot look at the file", errno};
    // Where nothing changes, no capability is asked for.
    const struct stat *const old = wanted.old;
    if (old != nullptr && (old->st_uid != made.st_uid || old->st_gid != made.st_gid) &&
        fchown(file, old->st_uid, old->st_gid) != 0)
        return Error{Code::unavailable, "cannot set the file's owner", errno};
    // The mode is meant exactly: no umask takes from it.
    if (fchmod(file, wanted.mode) != 0)
        return Error{Code::unavailable, "cannot set the file's mode", errno};
    if (fsync(file) != 0)
        return Error{Code::unavailable, "cannot sync the file", errno};
    return {};
}

Result<void> put_in_place(int directory, const std::string &temporary, const std::string &name,
                          const struct stat *old)
{
    struct stat now {
    };
    if (old != nullptr && (fstatat(directory, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
                           !is_same_file(*old, now)))
        return Error{Code::denied, "somebody has changed the file meanwhile"};
    if (renameat(directory, temporary.c_str(), directory, name.c_str()) != 0)
        return Error{Code::unavailable, "cannot rename the file", errno};
    return {};
}

Result<void> write_beside(int directory, const std::string &name, std::string_view bytes,
                          const Wanted &wanted)
{
    if (!is_component(name))
        return Error{Code::bad_input, "not the name of a file"};
    const std::string temporary = TRY(temporary_name(name));
    const Fd file{openat(directory, temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file)
        return Error{Code::unavailable, "cannot create the file", errno};
    Result<void> done = fill(file.get(), bytes, wanted);
    if (done)
        done = put_in_place(directory, temporary, name, wanted.old);
    if (!done) {
        (void)unlinkat(directory, temporary.c_str(), 0); // what went wrong before says more
        return done;
    }
    if (fsync(directory) != 0)
        return Error{Code::unavailable, "cannot sync the directory", errno};
    return {};
}

} // namespace

Result<void> write_durable(int directory, const std::string &name, std::string_view bytes,
                           mode_t mode)
{
    return write_beside(directory, name, bytes, {mode, nullptr});
}

Result<void> replace_durable(int directory, const std::string &name, std::string_view bytes,
                             const struct stat &old)
{
    return write_beside(directory, name, bytes, {old.st_mode & 07777, &old});
}

Result<void> remove_durable(int directory, const std::string &name)
{
    if (!is_component(name))
        return Error{Code::bad_input, "not the name of a file"};
    if (unlinkat(directory, name.c_str(), 0) != 0) {
        if (errno == ENOENT)
            return {};
        return Error{Code::unavailable, "cannot remove the file", errno};
    }
    if (fsync(directory) != 0)
        return Error{Code::unavailable, "cannot sync the directory", errno};
    return {};
}

bool is_temporary(std::string_view name)
{
    constexpr std::string_view mark = ".jit-";
    const std::size_t at = name.rfind(mark);
    return name.starts_with('.') && at != name.npos && at > 0 &&
           is_id(name.substr(at + mark.size()));
}

} // namespace jit::sys
