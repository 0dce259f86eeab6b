#include "lib/sys/secret_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/sys/whole_file.h"

namespace jit::sys {

namespace {

Error failed(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return Error{Code::not_found, "there is no such file", error};
    case EACCES:
    case EPERM:
        return Error{Code::denied, "jitd may not read the file", error};
    case ELOOP:
        return Error{Code::bad_input, "the file is a link", error};
    default:
        return Error{Code::unavailable, "the file can't be opened", error};
    }
}

Result<Fd> open_regular(const std::string &path, struct stat &about)
{
    // O_NONBLOCK: a pipe must not hold the daemon up.
    Fd file{open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (!file)
        return failed(errno);
    if (fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
        return Error{Code::bad_input, "it is no regular file"};
    return file;
}

Result<SecretString> read_secret(int file, std::size_t max_bytes)
{
    std::string text = TRY(read_whole(file, max_bytes));
    if (text.empty())
        return Error{Code::bad_input, "the file is empty"};
    return SecretString::take(text);
}

} // namespace

Result<SecretString> read_secret_file(const std::string &path, std::size_t max_bytes)
{
    struct stat about = {};
    const Fd file = TRY(open_regular(path, about));
    if (about.st_uid != 0 && about.st_uid != geteuid())
        return Error{Code::denied, "the file is owned by neither root nor jit"};
    // An access list that lets others read shows in the group bits, too (acl(5), the mask).
    const bool is_for_group = (about.st_mode & S_IRGRP) != 0;
    const bool is_own_group = about.st_gid == getegid() || about.st_gid == 0;
    if ((about.st_mode & (S_IRWXO | S_IWGRP)) != 0 || (is_for_group && !is_own_group))
        return Error{Code::denied, "others than root and jit may read or write the file"};
    return read_secret(file.get(), max_bytes);
}

Result<SecretString> read_credential(const std::string &folder, const std::string &name,
                                     std::size_t max_bytes)
{
    if (folder.empty())
        return Error{Code::not_found, "there is no such credential"};
    struct stat about = {};
    const auto file = open_regular(folder + "/" + name, about);
    if (!file)
        return Error{Code::not_found, "there is no such credential", file.error().sys};
    return read_secret(file->get(), max_bytes);
}

} // namespace jit::sys
