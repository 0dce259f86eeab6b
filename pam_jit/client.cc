#include "pam_jit/client.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace jit::pam {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_bytes = ipc::max_frame_bytes + 1;
constexpr milliseconds between_tries{20};
// To go to sleep and be woken takes longer than jitd's answer: for so long the processor is offered
// to others, jitd among them, and kept if nobody wants it.
constexpr std::chrono::microseconds before_sleep{100};
// poll(2) does not count time asleep, deadlines do: look at the clock now and then.
constexpr milliseconds longest_poll{30000};

Fd open_socket()
{
    return Fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

// jitd closed before it read our call or after, or died: all the same to a person, and no errno.
int reason(int sys)
{
    return sys == ECONNRESET || sys == EPIPE ? 0 : sys;
}

// jitd's socket for root alone, whose queue no other user can fill.
constexpr std::string_view root_only = ".root";

// 0 or an errno. The path is in two pieces.
int connect_to(int fd, std::string_view path, std::string_view more)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() + more.size() >= sizeof address.sun_path)
        return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (!more.empty())
        std::memcpy(address.sun_path + path.size(), more.data(), more.size());
    for (;;) {
        if (::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

} // namespace

Client::~Client()
{
    if (buffer_.data() != first_.data())
        (void)munmap(buffer_.data(), buffer_.size());
}

bool Client::grow()
{
    if (buffer_.size() >= most_bytes)
        return false;
    void *pages =
        mmap(nullptr, most_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return false;
    std::memcpy(pages, buffer_.data(), used_);
    buffer_ = {static_cast<char *>(pages), most_bytes};
    return true;
}

Event Client::wait(short events, BootTime until)
{
    const BootTime start = boot_time();
    BootTime now = start;
    for (;; now = boot_time()) {
        const bool is_over = now >= until;
        const bool is_awake = events == POLLIN && now < start + before_sleep;
        const auto left = std::chrono::ceil<milliseconds>(std::min<BootTime::duration>(
            is_over || is_awake ? BootTime::duration{0} : until - now, longest_poll));
        // In the background the terminal is somebody else's to read from.
        const bool hears_enter =
            hears_enter_ && events == POLLIN && tcgetpgrp(person_) == getpgrp();
        std::array<pollfd, 3> watched{{
            {signals_.fd(), POLLIN, 0},
            {person_, static_cast<short>(hears_enter ? POLLIN | POLLRDHUP : POLLRDHUP), 0},
            {events == 0 ? -1 : socket_.get(), events, 0},
        }};
        const int count = poll(watched.data(), watched.size(), static_cast<int>(left.count()));
        if (count < 0 && errno != EINTR && errno != EAGAIN && errno != ENOMEM)
            return Event::lost;
        if (count > 0) {
            // A person's no comes before jitd's yes.
            if (watched[0].revents != 0 && signals_.take())
                return Event::interrupted;
            if ((watched[1].revents & ~POLLIN) != 0)
                return Event::terminal_lost;
            if (watched[2].revents != 0)
                return Event::ready;
            if (watched[1].revents != 0 && has_entered())
                return Event::entered;
        }
        if (is_over)
            return events == 0 ? Event::ready : Event::timed_out;
        if (is_awake)
            (void)sched_yield();
    }
}

// What is typed while a code stands there is meant for us: it is read, as at a password, and what
// else it is than Enter does not count.
bool Client::has_entered()
{
    char typed[256];
    const ssize_t got = read(person_, typed, sizeof typed);
    // End-of-file (Ctrl-D) or a fault: it would come again and again.
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        hears_enter_ = false;
    return got > 0 && std::memchr(typed, '\n', static_cast<std::size_t>(got)) != nullptr;
}

Heard Client::connect(BootTime until)
{
    if (geteuid() == 0) {
        const Heard heard = connect_to_one(path_, root_only, until);
        // Where it is not served, the one for everybody is as good.
        if (heard.event != Event::lost)
            return heard;
    }
    return connect_to_one(path_, {}, until);
}

Heard Client::connect_to_one(std::string_view path, std::string_view more, BootTime until)
{
    socket_ = open_socket();
    if (!socket_)
        return {Event::lost, errno, {}};
    used_ = 0;
    given_ = 0;
    for (;;) {
        const int sys = connect_to(socket_.get(), path, more);
        if (sys == 0)
            return {Event::ready, 0, {}};
        if (sys != EAGAIN) // EAGAIN: the queue of those who wait to be accepted is full
            return {Event::lost, sys, {}};
        const BootTime now = boot_time();
        if (now >= until)
            return {Event::timed_out, 0, {}};
        const Event event = wait(0, std::min<BootTime>(until, now + between_tries));
        if (event != Event::ready)
            return {event, 0, {}};
    }
}

Heard Client::send(std::string_view frame, BootTime until)
{
    const Heard connected = connect(until);
    if (connected.event != Event::ready)
        return connected;
    while (!frame.empty()) {
        const ssize_t sent = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            frame.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent == 0 || errno != EAGAIN)
            return {Event::lost, sent == 0 ? 0 : reason(errno), {}};
        const Event event = wait(POLLOUT, until);
        if (event != Event::ready)
            return {event, 0, {}};
    }
    return {Event::ready, 0, {}};
}

Heard Client::receive(BootTime until)
{
    if (given_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + given_, used_ - given_);
        used_ -= given_;
        given_ = 0;
    }
    std::size_t looked_at = 0;
    for (;;) {
        const void *end = std::memchr(buffer_.data() + looked_at, '\0', used_ - looked_at);
        if (end != nullptr) {
            const auto length =
                static_cast<std::size_t>(static_cast<const char *>(end) - buffer_.data());
            given_ = length + 1;
            return {Event::ready, 0, {buffer_.data(), length}};
        }
        looked_at = used_;
        if (used_ == buffer_.size() && !grow())
            return {Event::garbled, 0, {}};
        const Event event = wait(POLLIN, until);
        if (event != Event::ready)
            return {event, 0, {}};
        const ssize_t got = recv(socket_.get(), buffer_.data() + used_, buffer_.size() - used_, 0);
        if (got > 0)
            used_ += static_cast<std::size_t>(got);
        else if (got == 0)
            return {Event::lost, 0, {}};
        else if (errno != EINTR && errno != EAGAIN)
            return {Event::lost, reason(errno), {}};
    }
}

void send_and_forget(std::string_view path, std::string_view frame)
{
    const Fd socket = open_socket();
    if (!socket || frame.empty())
        return;
    const bool is_connected = geteuid() == 0 && connect_to(socket.get(), path, root_only) == 0;
    if (!is_connected && connect_to(socket.get(), path, {}) != 0)
        return;
    // Whole or not at all: a fresh socket's buffer takes more than a frame of ours.
    (void)::send(socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
}

} // namespace jit::pam
