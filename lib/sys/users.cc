#include "lib/sys/users.h"

#include <pwd.h>

#include <cerrno>
#include <vector>

namespace jit::sys {

namespace {

constexpr std::size_t first_bytes = 2048;
constexpr std::size_t most_bytes = std::size_t{64} * 1024;

// Asks again with more room while the entry does not fit.
template <typename Ask> Result<passwd> read_entry(std::vector<char> &room, Ask ask)
{
    for (std::size_t size = first_bytes; size <= most_bytes; size *= 2) {
        room.resize(size);
        passwd entry{};
        passwd *found = nullptr;
        const int error = ask(&entry, room.data(), room.size(), &found);
        if (error == 0 && found)
            return entry;
        if (error == 0 || error == ENOENT || error == ESRCH)
            return Error{Code::not_found, "no such user"};
        if (error != ERANGE)
            return Error{Code::unavailable, "the name service can't be asked", error};
    }
    return Error{Code::unavailable, "a user's entry is too long"};
}

} // namespace

Result<std::string> read_user_name(uid_t uid)
{
    std::vector<char> room;
    const passwd entry =
        TRY(read_entry(room, [&](passwd *into, char *buffer, std::size_t size, passwd **found) {
            return getpwuid_r(uid, into, buffer, size, found);
        }));
    return std::string{entry.pw_name};
}

Result<uid_t> read_user_id(const std::string &name)
{
    std::vector<char> room;
    const passwd entry =
        TRY(read_entry(room, [&](passwd *into, char *buffer, std::size_t size, passwd **found) {
            return getpwnam_r(name.c_str(), into, buffer, size, found);
        }));
    return entry.pw_uid;
}

} // namespace jit::sys
