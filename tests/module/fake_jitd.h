// A jitd that says what a script tells it to: a thread that serves one connection after the other.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/fd.h"

namespace jit::pam::test {

// What one connection does once its call has come; at the end it is closed. Texts are sent as they
// are, but for these:
//   !deaf     first of all: the call is not read
//   !hang     waits until the module closes
//   !act      calls the hook
//   !beside   serves the next connection, by its own script, before it goes on
//   !wait MS  waits so many milliseconds, or until the module closes
//   !drip MS  what follows is sent byte by byte with such a pause after each, until the module
//   closes
using Answers = std::vector<std::string>;

class FakeJitd
{
  public:
    using Clock = std::chrono::steady_clock;

    // Connections beyond the scripts are closed after their call.
    FakeJitd(const std::string &path, std::vector<Answers> connections,
             std::function<void()> act = {});
    ~FakeJitd() { stop(); }
    FakeJitd(const FakeJitd &) = delete;
    FakeJitd &operator=(const FakeJitd &) = delete;

    // Ends the thread; then what follows is the caller's.
    void stop();

    std::vector<std::string> calls; // with their NUL
    Clock::time_point acted{};      // before the hook
    Clock::time_point left{};       // the module closed a connection that hung, waited or dripped
    std::size_t left_count = 0;

  private:
    bool is_readable(int fd, int limit_ms);
    // False when the module closed.
    bool wait(int peer, int limit_ms);
    void serve();
    void serve_one();
    void answer(int peer, const Answers &answers);

    std::vector<Answers> connections_;
    std::size_t next_ = 0; // of them
    std::function<void()> act_;
    Fd listener_;
    Fd stop_;
    Fd stopper_;
    std::thread thread_;
};

// A listening stream socket, for those who serve it by themselves.
Fd listen_at(const std::string &path, int backlog);

} // namespace jit::pam::test
