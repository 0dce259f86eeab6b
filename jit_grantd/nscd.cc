#include "jit_grantd/nscd.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/sys/connection.h"

namespace jit::grantd {

namespace {

constexpr std::int32_t protocol_version = 2;
constexpr std::int32_t invalidate = 10; // request_type INVALIDATE
constexpr std::array<char, 6> database{"group"};

struct Header {
    std::int32_t version;
    std::int32_t type;
    std::int32_t key_len; // the NUL counts
};

Result<void> wait_for(int socket, short events, BootTime last)
{
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(last - boot_time()).count();
        pollfd one{socket, events, 0};
        const int ready = left > 0 ? poll(&one, 1, static_cast<int>(left)) : 0;
        if (ready > 0)
            return {};
        if (ready == 0)
            return Error{Code::timed_out, "nscd does not answer"};
        if (errno != EINTR)
            return Error{Code::unavailable, "cannot wait for nscd", errno};
    }
}

} // namespace

bool is_nscd_running(const std::string &path)
{
    return sys::connect_unix(path).has_value();
}

Result<void> flush_nscd(const std::string &path, std::chrono::milliseconds patience)
{
    const BootTime last = boot_time() + patience;
    const Fd socket = TRY(sys::connect_unix(path));
    const Header header{protocol_version, invalidate, database.size()};
    std::array<char, sizeof header + database.size()> request{};
    std::memcpy(request.data(), &header, sizeof header);
    std::memcpy(request.data() + sizeof header, database.data(), database.size());
    TRY(wait_for(socket.get(), POLLOUT, last));
    // So few bytes go whole or not at all.
    if (send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return Error{Code::unavailable, "cannot ask nscd to forget", errno};
    TRY(wait_for(socket.get(), POLLIN, last));
    std::int32_t answer = -1;
    const ssize_t got = recv(socket.get(), &answer, sizeof answer, 0);
    if (got != sizeof answer)
        return Error{Code::unavailable, "nscd has not said that it forgot"};
    if (answer != 0)
        return Error{Code::unavailable, "nscd did not forget", answer};
    return {};
}

} // namespace jit::grantd
