#include "jitctl/client.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace jit::ctl {

namespace {

using namespace std::chrono_literals;

// Milliseconds for poll(), rounded up: one that is rounded down spins through the last of them.
int poll_time(std::optional<BootTime> deadline)
{
    if (!deadline)
        return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - boot_time()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

// Waits for `events` on a descriptor; false at the deadline.
Result<bool> wait_for(int fd, short events, BootTime deadline)
{
    for (;;) {
        pollfd one{fd, events, 0};
        const int ready = poll(&one, 1, poll_time(deadline));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return Error{Code::internal, "cannot wait", errno};
        if (boot_time() >= deadline)
            return false;
    }
}

} // namespace

Result<Client> Client::connect(const std::string &path, BootTime deadline)
{
    if (geteuid() == 0)
        if (auto made = connect_to(path + ".root", deadline);
            made || made.error().code != Code::unavailable)
            return made;
    return connect_to(path, deadline);
}

Result<Client> Client::connect_to(const std::string &path, BootTime deadline)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{Code::internal, "the socket's path is too long"};
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd)
        return Error{Code::internal, "cannot make a socket", errno};
    while (::connect(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
        switch (errno) {
        case EINTR:
            continue;
        case EAGAIN: // the queue is full; nothing tells when it no longer is
            if (boot_time() >= deadline)
                return Error{Code::timed_out, "jitd is too busy to answer"};
            (void)poll(nullptr, 0, 20);
            continue;
        case ENOENT:
            return Error{Code::unavailable, "jitd is not running: its socket is not there"};
        case ECONNREFUSED:
            return Error{Code::unavailable, "jitd is not running: nobody listens at its socket"};
        default:
            return Error{Code::unavailable, "cannot connect to jitd", errno};
        }
    }
    return Client{std::move(fd)};
}

Result<void> Client::send(std::string_view method, const json_t *parameters, bool more,
                          BootTime deadline)
{
    const std::string frame = TRY(ipc::encode_call(method, parameters, more, false));
    std::string_view rest = frame;
    while (!rest.empty()) {
        const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        // A jitd that hangs up at once may have said why first: let the reader find it.
        if (errno == EPIPE || errno == ECONNRESET)
            return {};
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return Error{Code::unavailable, "cannot send to jitd", errno};
        if (!TRY(wait_for(fd_.get(), POLLOUT, deadline)))
            return Error{Code::timed_out, "jitd does not answer"};
    }
    return {};
}

Result<Client::Event> Client::wait(std::optional<BootTime> deadline, int stop_fd, int keys_fd)
{
    for (;;) {
        pollfd all[3] = {{fd_.get(), POLLIN, 0}, {stop_fd, POLLIN, 0}, {keys_fd, POLLIN, 0}};
        if (!frame_)
            frame_ = reader_.next();
        // A whole frame that is here already needs no waiting, only a look at the stop.
        const int ready = poll(all, 3, frame_ ? 0 : poll_time(deadline));
        if (ready < 0 && errno != EINTR)
            return Error{Code::internal, "cannot wait", errno};
        if (ready > 0 && all[1].revents != 0)
            return Event{Woken::stopped, {}};
        if (frame_) {
            const std::string frame = *std::exchange(frame_, std::nullopt);
            auto reply = TRY(ipc::decode_reply(frame));
            return Event{Woken::reply, std::move(reply)};
        }
        if (ready > 0 && all[0].revents != 0) {
            char buffer[8192];
            const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
            if (got == 0)
                return Error{Code::unavailable, "jitd closed the connection"};
            if (got < 0 && errno != EINTR && errno != EAGAIN)
                return Error{Code::unavailable, "jitd closed the connection", errno};
            if (got > 0)
                TRY(reader_.add({buffer, static_cast<std::size_t>(got)}));
            continue;
        }
        if (ready > 0 && all[2].revents != 0)
            return Event{Woken::typed, {}};
        if (deadline && boot_time() >= *deadline)
            return Event{Woken::deadline, {}};
    }
}

Result<ipc::Reply> Client::receive(std::chrono::seconds within)
{
    Event event = TRY(wait(boot_time() + within));
    if (event.woken != Woken::reply)
        return Error{Code::timed_out, "jitd does not answer"};
    return std::move(event.reply);
}

Result<ipc::Reply> ask(const std::string &path, std::string_view method, ipc::Json parameters,
                       std::chrono::seconds within)
{
    const BootTime deadline = boot_time() + answer_within;
    Client client = TRY(Client::connect(path, deadline));
    TRY(client.send(method, parameters.get(), false, deadline));
    return client.receive(within);
}

} // namespace jit::ctl
