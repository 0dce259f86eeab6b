#include "lib/sys/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace jit::sys {

namespace {

constexpr std::size_t max_queued_bytes = 16 * ipc::max_frame_bytes;
// After a call a connection may lie still for so many times what a frame may take.
constexpr int idle_patiences = 5;
// How long what was said last may take to be read.
constexpr std::chrono::seconds last_words{1};

// The loop knows the clock and the priorities already: it can only be memory that is missing.
template <typename Made> std::unique_ptr<Made> surely(Result<std::unique_ptr<Made>> made)
{
    if (!made)
        throw std::bad_alloc{};
    return *std::move(made);
}

} // namespace

Connection::Connection(sd_event *loop, Fd socket, Handlers handlers, Manners manners)
    : loop_(loop), socket_(std::move(socket)), handlers_(std::move(handlers)), manners_(manners)
{
}

Result<std::unique_ptr<Connection>> Connection::make(sd_event *loop, Fd socket, Handlers handlers,
                                                     Manners manners)
{
    auto made = TRY(make_unwatched(loop, std::move(socket), std::move(handlers), manners));
    TRY(made->watch(EPOLLIN));
    made->arm_patience();
    return made;
}

Result<std::unique_ptr<Connection>> Connection::make_unwatched(sd_event *loop, Fd socket,
                                                               Handlers handlers, Manners manners)
{
    std::unique_ptr<Connection> made{
        new Connection(loop, std::move(socket), std::move(handlers), manners)};
    // Urgent data is a byte like others: what is passed with it would be closed unseen.
    constexpr int on = 1;
    if (manners.graveyard &&
        setsockopt(made->socket_.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) != 0)
        return Error{Code::internal, "a connection can't be set up", errno};
    return made;
}

Result<void> Connection::watch(std::uint32_t events)
{
    watch_ = TRY(Watch::make(
        loop_, socket_.get(), events,
        [this](std::uint32_t ready) { work([&] { on_ready(ready); }); }, manners_.turn));
    return {};
}

// The timers are made when they are needed: thousands of connections may wait for an answer and
// nothing else.
void Connection::set_late(BootTime at)
{
    if (!late_)
        late_ = surely(Timer::make(loop_, [this] {
            if (finishing_)
                end();
            else if (idling_)
                fail(Error{Code::unavailable, "the other side is silent"});
            else
                fail(Error{Code::timed_out, "a message took too long to arrive"});
        }));
    late_->set(at);
}

// A timer, not a Later: sd-event runs what is deferred before any descriptor's turn.
void Connection::set_turn()
{
    if (!turn_)
        turn_ = surely(Timer::make(
            loop_, [this] { work([&] { deliver(); }); }, manners_.turn));
    turn_->set(BootTime{});
}

void Connection::tell_overflow()
{
    if (!overflow_)
        overflow_ = surely(Later::make(loop_, [this] {
            fail(Error{Code::unavailable, "the other side does not read"});
        }));
    overflow_->schedule();
}

void Connection::begin()
{
    work([this] { read_some(); });
    if (!is_open())
        return;
    if (const auto watched = watch(wanted_events()); !watched)
        return fail(watched.error());
    if (overflowed_)
        tell_overflow();
    else if (finishing_)
        set_late(boot_time() + last_words);
    else
        await_next();
}

// A frame that has begun must end in time, whatever drips in; and nobody may hold a place for long
// and say nothing.
void Connection::arm_patience()
{
    const bool is_idle = is_used_ && !reader_.has_partial();
    if (!watch_ || manners_.patience.count() == 0 || (is_late_set() && is_idle == idling_))
        return;
    idling_ = is_idle;
    set_late(boot_time() + (is_idle ? idle_patiences : 1) * manners_.patience);
}

template <typename Work> void Connection::work(Work piece)
{
    if (!handlers_.worked)
        return piece();
    const auto before = thread_time();
    piece();
    handlers_.worked(thread_time() - before);
}

void Connection::send(std::string_view text)
{
    if (!is_open() || finishing_ || overflowed_)
        return;
    if (out_.size() + text.size() > max_queued_bytes) {
        // Told from the loop: the sender may be in the middle of a walk over who else listens.
        overflowed_ = true;
        if (watch_)
            tell_overflow();
        return;
    }
    out_ += text;
    write_some();
}

void Connection::finish()
{
    if (!is_open() || finishing_)
        return;
    finishing_ = true;
    if (out_.empty())
        return end();
    if (watch_)
        set_late(boot_time() + last_words);
    update_events();
}

void Connection::close()
{
    if (late_)
        late_->stop();
    if (turn_)
        turn_->stop();
    // Not freed: we may stand in its callback.
    if (watch_)
        watch_->stop();
    if (manners_.graveyard)
        manners_.graveyard->take(std::move(socket_));
    socket_.reset();
    out_.clear();
}

bool Connection::has_other_side_gone() const
{
    if (!is_open())
        return true;
    char byte = 0;
    return recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void Connection::set_reading(bool reading)
{
    if (reading_ == reading || !is_open())
        return;
    reading_ = reading;
    await_next();
}

void Connection::set_held(bool held)
{
    if (held_ == held || !is_open())
        return;
    held_ = held;
    if (held && watch_ && reading_ && !finishing_ && !is_late_set() &&
        manners_.patience.count() > 0) {
        idling_ = true;
        set_late(boot_time() + idle_patiences * manners_.patience);
    }
    if (held)
        update_events();
    else
        await_next();
}

void Connection::fail(Error why)
{
    if (!is_open())
        return;
    if (std::exchange(failing_, true)) {
        end();
        return;
    }
    // Nobody listens any more, or a last word may be said.
    if (why.code == Code::unavailable)
        close();
    if (late_)
        late_->stop();
    reading_ = false;
    handlers_.closed(why);
    if (!finishing_)
        close();
}

void Connection::end()
{
    close();
    handlers_.closed(Error{Code::unavailable, "the connection is finished"});
}

void Connection::on_ready(std::uint32_t events)
{
    if ((events & EPOLLOUT) != 0)
        write_some();
    // The kernel tells of the end whether asked to or not: it can't be put off.
    if (held_) {
        if ((events & (EPOLLHUP | EPOLLERR)) != 0)
            fail(Error{Code::unavailable, "the other side has gone"});
        return;
    }
    // What came before the other side's end is handed over first.
    if (is_open() && !has_backlog_ && (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0)
        read_some();
}

// Like recv(2). EBADMSG: descriptors were passed, and are still in the socket, unread.
ssize_t Connection::read_bytes(char *into, std::size_t size)
{
    if (manners_.graveyard) {
        // A look makes them only known; what is looked at here is all that is read below.
        iovec part{into, size};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        const ssize_t seen = recvmsg(socket_.get(), &message, MSG_PEEK);
        if (seen <= 0)
            return seen;
        if ((message.msg_flags & MSG_CTRUNC) != 0) {
            errno = EBADMSG;
            return -1;
        }
        size = static_cast<std::size_t>(seen);
    }
    return recv(socket_.get(), into, size, 0);
}

void Connection::read_some()
{
    std::array<char, std::size_t{16} * 1024> chunk;
    const ssize_t got = read_bytes(chunk.data(), chunk.size());
    if (got < 0 && errno == EBADMSG)
        return finishing_ ? end() : fail(Error{Code::bad_input, "descriptors are not taken"});
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        fail(Error{Code::unavailable, "the other side has gone", got < 0 ? errno : 0});
        return;
    }
    if (finishing_)
        return;
    if (auto added = reader_.add({chunk.data(), static_cast<std::size_t>(got)}); !added) {
        fail(added.error());
        return;
    }
    deliver();
}

// One frame a turn: a caller who sends many calls at once must not keep the loop from all others.
void Connection::deliver()
{
    if (!is_open() || !reading_ || held_ || finishing_ || overflowed_)
        return;
    if (auto frame = reader_.next()) {
        late_.reset();
        is_used_ = true;
        handlers_.frame(std::move(*frame));
    }
    await_next();
}

// What has arrived already is delivered from the loop, not from inside the caller.
void Connection::await_next()
{
    if (!is_open() || !watch_ || finishing_ || held_)
        return;
    has_backlog_ = reading_ && reader_.has_whole();
    if (has_backlog_)
        set_turn();
    else if (reading_)
        arm_patience();
    update_events();
}

void Connection::write_some()
{
    while (is_open() && !out_.empty()) {
        const ssize_t sent = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0) {
            // Told from the loop: read_some() will see the same end.
            out_.clear();
            break;
        }
        out_.erase(0, static_cast<std::size_t>(sent));
    }
    if (out_.empty())
        out_.shrink_to_fit();
    if (is_open() && finishing_ && out_.empty())
        end();
    update_events();
}

std::uint32_t Connection::wanted_events() const
{
    // While reading is paused, the end of the other side is still heard: it cancels.
    return (has_backlog_ || held_ ? 0U : EPOLLRDHUP | (reading_ ? EPOLLIN : 0U)) |
           (out_.empty() ? 0U : EPOLLOUT);
}

void Connection::update_events()
{
    if (is_open() && watch_)
        watch_->set_events(wanted_events());
}

Result<Fd> connect_unix(const std::string &path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{Code::bad_input, "a socket's path is too long"};
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd)
        return Error{Code::unavailable, "no socket", errno};
    if (connect(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return Error{Code::unavailable, "can't connect", errno};
    return fd;
}

} // namespace jit::sys
