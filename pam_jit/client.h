// The module's end of jitd's socket. Every wait has an end, hears Ctrl-C and a lost terminal.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/ipc/limits.h"
#include "pam_jit/flow.h"
#include "pam_jit/signals.h"

namespace jit::pam {

class Client
{
  public:
    // path: at most 107 bytes. Root asks at PATH.root first. person: the terminal, or the client's
    // socket of a login over ssh, watched for its end; -1 for none. All are borrowed.
    Client(std::string_view path, HeldSignals &signals, int person)
        : path_(path), signals_(signals), person_(person)
    {
    }

    // Connects anew, again and again while jitd's queue is full, and sends. lost has the errno,
    // none where jitd closed.
    Heard send(std::string_view frame, BootTime until);
    // lost without errno: jitd closed, perhaps in the middle of a frame. After close() it only
    // waits.
    Heard receive(BootTime until);
    void close()
    {
        socket_.reset();
        used_ = given_ = 0;
    }
    // From now on receive() ends with `entered` when a line was typed at the person's terminal.
    void hear_enter() { hears_enter_ = true; }

    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client();

  private:
    Heard connect(BootTime until);
    Heard connect_to_one(std::string_view path, std::string_view more, BootTime until);
    // ready when the socket has one of the events (poll(2)); without events, when the time is over.
    Event wait(short events, BootTime until);

    std::string_view path_;
    HeldSignals &signals_;
    bool has_entered();

    int person_;
    bool hears_enter_ = false;
    Fd socket_;
    // Room for the longest frame in place of the first buffer.
    bool grow();

    std::size_t used_ = 0;  // bytes in the buffer
    std::size_t given_ = 0; // of the frame handed out last, its NUL included
    // Most frames are short, and each page of the stack costs every sudo a page fault.
    std::array<char, 2048> first_;
    std::span<char> buffer_{first_};
};

// One frame to jitd and no answer, without waiting for anything: best effort.
void send_and_forget(std::string_view path, std::string_view frame);

} // namespace jit::pam
