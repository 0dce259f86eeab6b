#include "lib/sys/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace jit::sys {

namespace {

constexpr std::size_t max_queued_bytes = 16 * ipc::max_frame_bytes;
// After a call a connection may lie still for so many times what a frame may take.
constexpr int idle_patiences = 5;

} // namespace

Connection::Connection(Fd socket, Handlers handlers, std::chrono::milliseconds patience)
    : socket_(std::move(socket)), handlers_(std::move(handlers)), patience_(patience)
{
}

Result<std::unique_ptr<Connection>> Connection::make(sd_event *loop, Fd socket, Handlers handlers,
                                                     std::chrono::milliseconds patience)
{
    std::unique_ptr<Connection> made{
        new Connection(std::move(socket), std::move(handlers), patience)};
    Connection *self = made.get();
    made->watch_ = TRY(Watch::make(loop, self->socket_.get(), EPOLLIN,
                                   [self](std::uint32_t events) { self->on_ready(events); }));
    made->late_ = TRY(Timer::make(loop, [self] {
        if (self->finishing_)
            self->end();
        else if (self->idling_)
            self->fail(Error{Code::unavailable, "the other side is silent"});
        else
            self->fail(Error{Code::timed_out, "a message took too long to arrive"});
    }));
    // A timer, not a Later: sd-event runs what is deferred before any descriptor's turn.
    made->turn_ = TRY(Timer::make(loop, [self] { self->deliver(); }));
    made->overflow_ = TRY(Later::make(loop, [self] {
        self->fail(Error{Code::unavailable, "the other side does not read"});
    }));
    made->arm_patience();
    return made;
}

// A frame that has begun must end in time, whatever drips in; and nobody may hold a place for long
// and say nothing.
void Connection::arm_patience()
{
    const bool is_idle = is_used_ && !reader_.has_partial();
    if (patience_.count() == 0 || (late_->is_set() && is_idle == idling_))
        return;
    idling_ = is_idle;
    late_->set(boot_time() + (is_idle ? idle_patiences : 1) * patience_);
}

void Connection::send(std::string_view text)
{
    if (!is_open() || finishing_ || overflowed_)
        return;
    if (out_.size() + text.size() > max_queued_bytes) {
        // Told from the loop: the sender may be in the middle of a walk over who else listens.
        overflowed_ = true;
        overflow_->schedule();
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
    late_->set(boot_time() + std::chrono::seconds{1});
    if (out_.empty())
        end();
    else
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
    // What came before the other side's end is handed over first.
    if (is_open() && !has_backlog_ && (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0)
        read_some();
}

void Connection::read_some()
{
    std::array<char, std::size_t{16} * 1024> chunk;
    const ssize_t got = recv(socket_.get(), chunk.data(), chunk.size(), 0);
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
    if (!is_open() || !reading_ || finishing_ || overflowed_)
        return;
    if (auto frame = reader_.next()) {
        late_->stop();
        is_used_ = true;
        handlers_.frame(std::move(*frame));
    }
    await_next();
}

// What has arrived already is delivered from the loop, not from inside the caller.
void Connection::await_next()
{
    if (!is_open() || finishing_)
        return;
    has_backlog_ = reading_ && reader_.has_whole();
    if (has_backlog_)
        turn_->set(BootTime{});
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
    if (is_open() && finishing_ && out_.empty())
        end();
    update_events();
}

void Connection::update_events()
{
    // While reading is paused, the end of the other side is still heard: it cancels.
    if (is_open())
        watch_->set_events((has_backlog_ ? 0U : EPOLLRDHUP | (reading_ ? EPOLLIN : 0U)) |
                           (out_.empty() ? 0U : EPOLLOUT));
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
