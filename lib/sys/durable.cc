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

Result<void> fill(int file, std::string_view bytes, mode_t mode)
{
    TRY(write_whole(file, bytes));
    // The mode is meant exactly: no umask takes from it.
    if (fchmod(file, mode) != 0)
        return Error{Code::unavailable, "cannot set the file's mode", errno};
    if (fsync(file) != 0)
        return Error{Code::unavailable, "cannot sync the file", errno};
    return {};
}

} // namespace

Result<void> place_file(int directory, const std::string &name, std::string_view bytes, mode_t mode)
{
    if (!is_component(name))
        return Error{Code::bad_input, "not the name of a file"};
    const std::string temporary = TRY(temporary_name(name));
    const Fd file{openat(directory, temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file)
        return Error{Code::unavailable, "cannot create the file", errno};
    Result<void> done = fill(file.get(), bytes, mode);
    if (done && renameat(directory, temporary.c_str(), directory, name.c_str()) != 0)
        done = Error{Code::unavailable, "cannot rename the file", errno};
    if (!done)
        (void)unlinkat(directory, temporary.c_str(), 0); // what went wrong before says more
    return done;
}

Result<bool> take_file_away(int directory, const std::string &name)
{
    if (!is_component(name))
        return Error{Code::bad_input, "not the name of a file"};
    if (unlinkat(directory, name.c_str(), 0) == 0)
        return true;
    if (errno == ENOENT)
        return false;
    return Error{Code::unavailable, "cannot remove the file", errno};
}

Result<void> sync_directory(int directory)
{
    if (fsync(directory) != 0)
        return Error{Code::unavailable, "cannot sync the directory", errno};
    return {};
}

Result<void> write_durable(int directory, const std::string &name, std::string_view bytes,
                           mode_t mode)
{
    TRY(place_file(directory, name, bytes, mode));
    return sync_directory(directory);
}

Result<void> remove_durable(int directory, const std::string &name)
{
    if (TRY(take_file_away(directory, name)))
        return sync_directory(directory);
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
