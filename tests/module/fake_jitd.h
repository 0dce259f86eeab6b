// A jitd for the module's test: a thread that takes one call a connection and answers by a script.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/fd.h"

namespace jit::pam::test {

// What one connection does once its call has come: bytes are sent as they are. "!hang" waits until
// the module closes, "!act" calls the hook. At the end the connection is closed.
using Answers = std::vector<std::string>;

inline std::string frame(const std::string &parameters, const std::string &more = {})
{
    return "{\"parameters\":{" + parameters + "}" + more + "}" + '\0';
}

class FakeJitd
{
  public:
    using Clock = std::chrono::steady_clock;

    FakeJitd(const std::string &path, std::vector<Answers> connections,
             std::function<void()> act = {})
        : connections_(std::move(connections)), act_(std::move(act))
    {
        listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        (void)unlink(path.c_str());
        (void)bind(listener_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address);
        (void)listen(listener_.get(), 8);
        int ends[2] = {-1, -1};
        if (pipe2(ends, O_CLOEXEC) != 0)
            return;
        stop_.reset(ends[0]);
        stopper_.reset(ends[1]);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~FakeJitd() { stop(); }

    // Ends the thread; then calls and times are the caller's.
    void stop()
    {
        stopper_.reset();
        if (thread_.joinable())
            thread_.join();
    }

    std::vector<std::string> calls; // with their NUL
    Clock::time_point acted{};
    Clock::time_point left{}; // the module closed a hanging connection

  private:
    bool is_readable(int fd)
    {
        pollfd watched[] = {{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
        (void)poll(watched, 2, 20000);
        return watched[0].revents != 0;
    }

    void serve()
    {
        for (std::size_t i = 0; is_readable(listener_.get()); ++i) {
            const Fd peer{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            std::string call;
            char byte = 0;
            while (is_readable(peer.get()) && read(peer.get(), &byte, 1) == 1) {
                call += byte;
                if (byte == '\0')
                    break;
            }
            calls.push_back(call);
            if (i < connections_.size())
                answer(peer.get(), connections_[i]);
        }
    }

    void answer(int peer, const Answers &answers)
    {
        for (const std::string &each : answers) {
            if (each == "!hang") {
                char byte = 0;
                if (is_readable(peer) && read(peer, &byte, 1) <= 0)
                    left = Clock::now();
            } else if (each == "!act") {
                acted = Clock::now();
                act_();
            } else {
                (void)send(peer, each.data(), each.size(), MSG_NOSIGNAL);
            }
        }
    }

    std::vector<Answers> connections_;
    std::function<void()> act_;
    Fd listener_;
    Fd stop_;
    Fd stopper_;
    std::thread thread_;
};

} // namespace jit::pam::test
