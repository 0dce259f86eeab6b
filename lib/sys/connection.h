// One framed stream on the event loop, for servers and clients alike.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/ipc/frame.h"
#include "lib/sys/event.h"
#include "lib/sys/graveyard.h"

namespace jit::sys {

// Owns a non-blocking stream socket. Frames are handed over one in each turn of the loop; a frame
// that is too long or an unfinished one that is late ends the connection, and so does, without a
// word, a long silence after a call. What the other side does not read is held up to a cap, past
// which the connection ends.
//
// `closed` is called when the connection has ended, but for close(). After a wrong or late frame it
// is called before that, too, while a last word can still be said: send() and finish() work there.
// The owner must not destroy the connection inside a callback; close() is safe there.
class Connection
{
  public:
    using Frame = std::function<void(std::string frame)>;
    // The error is bad_input for a wrong frame, timed_out for a late one, unavailable if the other
    // side has gone or finish() is through.
    using Closed = std::function<void(Error why)>;

    struct Handlers {
        Frame frame;
        Closed closed;
        // Told, if there is one, what of a processor each piece of work for it took.
        std::function<void(std::chrono::microseconds)> worked{};
    };
    struct Manners {
        // How long the first frame, and any begun one, may take; five times that, how long it may
        // lie still after a frame while reading is on; zero: for ever.
        std::chrono::milliseconds patience{0};
        Turn turn = Turn::usual;
        // Borrowed; for whom we do not trust: descriptors that they pass end the connection, and no
        // close waits. Without one they are trusted not to do that.
        Graveyard *graveyard = nullptr;
    };

    // Borrows the loop.
    static Result<std::unique_ptr<Connection>> make(sd_event *loop, Fd socket, Handlers handlers,
                                                    Manners manners);
    // The same for somebody who has most likely spoken already: nothing is read until begin().
    static Result<std::unique_ptr<Connection>> make_unwatched(sd_event *loop, Fd socket,
                                                              Handlers handlers, Manners manners);
    // Reads at once, and may call back from within. The loop comes to know of the connection only
    // if it outlives that: one call that is answered with the last reply costs no turn and no
    // timer.
    void begin();
    ~Connection() { close(); }

    // Queues a text that ends with its NUL. Ignored once closed. Never calls back from within.
    void send(std::string_view text);
    // Stops reading; ends when all that was queued is sent, or after a second.
    void finish();
    // Ends now, silently.
    void close();
    bool is_open() const { return static_cast<bool>(socket_); }
    // Whether the other side has closed already, though the loop has not told yet.
    bool has_other_side_gone() const;
    std::size_t queued_bytes() const { return out_.size(); }

    // Pauses and resumes reading, so that one call is answered before the next is read.
    void set_reading(bool reading);
    // Pauses everything but writing, whatever the call's state, for a caller who has had his share.
    void set_held(bool held);

  private:
    Connection(sd_event *loop, Fd socket, Handlers handlers, Manners manners);

    Result<void> watch(std::uint32_t events);
    template <typename Work> void work(Work piece);
    void on_ready(std::uint32_t events);
    ssize_t read_bytes(char *into, std::size_t size);
    void read_some();
    void deliver();
    void await_next();
    void write_some();
    std::uint32_t wanted_events() const;
    void update_events();
    void fail(Error why);
    void end();
    void arm_patience();
    void set_late(BootTime at);
    bool is_late_set() const { return late_ && late_->is_set(); }
    void set_turn();
    void tell_overflow();

    sd_event *loop_;
    Fd socket_;
    Handlers handlers_;
    Manners manners_;
    ipc::FrameReader reader_;
    std::string out_;
    bool reading_ = true;
    bool held_ = false;
    bool has_backlog_ = false; // frames wait for later turns; nothing more is read until then
    bool is_used_ = false;     // a frame has been handed over
    bool idling_ = false;      // what late_ waits for is a next frame's beginning
    bool finishing_ = false;
    bool failing_ = false;         // closed() has been told why
    bool overflowed_ = false;      // the other side does not read; closed() is told from the loop
    std::unique_ptr<Watch> watch_; // null: the loop does not know the connection, nor any of these
    std::unique_ptr<Timer> late_;  // each null until it is needed
    std::unique_ptr<Timer> turn_;
    std::unique_ptr<Later> overflow_;
};

// A non-blocking connection to a Unix socket. Errors: unavailable, with the errno.
Result<Fd> connect_unix(const std::string &path);

} // namespace jit::sys
