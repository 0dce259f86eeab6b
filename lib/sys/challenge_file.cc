#include "lib/sys/challenge_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/fd.h"
#include "lib/sys/whole_file.h"

namespace jit::sys {

namespace {

constexpr std::size_t max_key_bytes = 4096;

bool is_key_name(std::string_view name)
{
    constexpr std::string_view ending = ".key";
    return name.size() > ending.size() && name.size() <= 255 && name.front() != '.' &&
           name.ends_with(ending) && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
           });
}

Error failed(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return Error{Code::not_found, "the key of Azure Arc's agent is not there", error};
    case EACCES:
    case EPERM:
        return Error{Code::denied, "the key of Azure Arc's agent may not be read", error};
    case ELOOP:
        return Error{Code::bad_input, "the key of Azure Arc's agent is a link", error};
    default:
        return Error{Code::unavailable, "the key of Azure Arc's agent can't be opened", error};
    }
}

} // namespace

Result<SecretString> read_challenge_file(const std::string &path, const std::string &folder)
{
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || path.substr(0, slash) != folder ||
        !is_key_name(std::string_view{path}.substr(slash + 1)))
        return Error{Code::bad_input, "not a path of a key of Azure Arc's agent"};
    const Fd opened{open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!opened)
        return failed(errno);
    // O_NONBLOCK: a pipe must not hold the daemon up.
    const Fd file{openat(opened.get(), path.c_str() + slash + 1,
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (!file)
        return failed(errno);
    struct stat found = {};
    if (fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode))
        return Error{Code::bad_input, "the key of Azure Arc's agent is no regular file"};
    std::string text = TRY(read_whole(file.get(), max_key_bytes));
    if (text.empty())
        return Error{Code::bad_input, "the key of Azure Arc's agent is empty"};
    return SecretString::take(text);
}

} // namespace jit::sys
