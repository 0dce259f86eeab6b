#include "lib/sys/folders.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/handle.h"
#include "lib/sys/whole_file.h"

namespace jit::sys {

namespace {

using Directory = Handle<DIR, &closedir>;

// A folder that the disk does not know takes what is synced in it with it.
Result<void> sync_parent(const std::string &path)
{
    const Fd parent{open(path.substr(0, path.rfind('/') + 1).c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!parent || fsync(parent.get()) != 0)
        return Error{Code::unavailable, "cannot sync the directory's own", errno};
    return {};
}

} // namespace

Result<Fd> open_directory(const std::string &path, mode_t mode)
{
    if (mkdir(path.c_str(), mode) == 0)
        TRY(sync_parent(path));
    else if (errno != EEXIST && errno != EROFS)
        return Error{Code::unavailable, "cannot make the directory", errno};
    Fd directory{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!directory)
        return Error{Code::unavailable, "cannot open the directory", errno};
    return directory;
}

Result<std::vector<std::string>> list_directory(int directory, std::size_t max_names)
{
    // A descriptor of its own: closedir() closes it, and its offset is not shared.
    Fd own{openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const Directory stream{own ? fdopendir(own.get()) : nullptr};
    if (!stream)
        return Error{Code::unavailable, "cannot list the directory", errno};
    (void)own.release();
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent *const entry = readdir(stream.get());
        if (entry == nullptr) {
            if (errno != 0)
                return Error{Code::unavailable, "cannot list the directory", errno};
            return names;
        }
        std::string name{entry->d_name};
        if (name == "." || name == "..")
            continue;
        if (names.size() == max_names)
            return Error{Code::bad_input, "too many files in the directory"};
        names.push_back(std::move(name));
    }
}

Result<std::string> read_small_file(int directory, const std::string &name, std::size_t max_bytes)
{
    const Fd file{openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file && errno == ENOENT)
        return Error{Code::not_found, "no such file", errno};
    if (!file && (errno == ELOOP || errno == ENXIO))
        return Error{Code::bad_input, "not a regular file", errno};
    if (!file)
        return Error{Code::unavailable, "cannot open the file", errno};
    struct stat about {
    };
    if (fstat(file.get(), &about) != 0)
        return Error{Code::unavailable, "cannot look at the file", errno};
    if (!S_ISREG(about.st_mode))
        return Error{Code::bad_input, "not a regular file"};
    return read_whole(file.get(), max_bytes);
}

} // namespace jit::sys
