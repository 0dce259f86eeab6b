#include "tests/module/fake_jitd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace jit::pam::test {

namespace {

constexpr int longest_ms = 20000;

bool begins_with(const std::string &text, const char *front)
{
    return text.rfind(front, 0) == 0;
}

int number_in(const std::string &text)
{
    return std::atoi(text.c_str() + text.find(' '));
}

} // namespace

Fd listen_at(const std::string &path, int backlog)
{
    Fd listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    (void)unlink(path.c_str());
    if (bind(listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
        chmod(path.c_str(), 0666) != 0 || listen(listener.get(), backlog) != 0)
        return Fd{};
    return listener;
}

FakeJitd::FakeJitd(const std::string &path, std::vector<Answers> connections,
                   std::function<void()> act)
    : connections_(std::move(connections)), act_(std::move(act)), listener_(listen_at(path, 8))
{
    int ends[2] = {-1, -1};
    if (!listener_ || pipe2(ends, O_CLOEXEC) != 0)
        std::abort();
    stop_.reset(ends[0]);
    stopper_.reset(ends[1]);
    thread_ = std::thread{[this] { serve(); }};
}

void FakeJitd::stop()
{
    stopper_.reset();
    if (thread_.joinable())
        thread_.join();
}

bool FakeJitd::is_readable(int fd, int limit_ms)
{
    pollfd watched[] = {{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    (void)poll(watched, 2, limit_ms);
    return watched[0].revents != 0;
}

bool FakeJitd::wait(int peer, int limit_ms)
{
    pollfd watched[] = {{peer, POLLRDHUP, 0}, {stop_.get(), POLLIN, 0}};
    (void)poll(watched, 2, limit_ms);
    if (watched[0].revents == 0)
        return true;
    left = Clock::now();
    ++left_count;
    return false;
}

void FakeJitd::serve()
{
    while (is_readable(listener_.get(), longest_ms))
        serve_one();
}

void FakeJitd::serve_one()
{
    const Fd peer{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const Answers answers = next_ < connections_.size() ? connections_[next_] : Answers{};
    ++next_;
    std::string call;
    char byte = 0;
    while ((answers.empty() || answers[0] != "!deaf") && is_readable(peer.get(), longest_ms) &&
           read(peer.get(), &byte, 1) == 1) {
        call += byte;
        if (byte == '\0')
            break;
    }
    calls.push_back(call);
    answer(peer.get(), answers);
}

void FakeJitd::answer(int peer, const Answers &answers)
{
    int drip_ms = 0;
    for (const std::string &each : answers) {
        if (each == "!deaf")
            continue;
        if (each == "!beside") {
            if (is_readable(listener_.get(), longest_ms))
                serve_one();
        } else if (each == "!hang") {
            (void)wait(peer, longest_ms);
        } else if (each == "!act") {
            acted = Clock::now();
            act_();
        } else if (begins_with(each, "!wait ")) {
            if (!wait(peer, number_in(each)))
                return;
        } else if (begins_with(each, "!drip ")) {
            drip_ms = number_in(each);
        } else if (drip_ms == 0) {
            (void)send(peer, each.data(), each.size(), MSG_NOSIGNAL);
        } else {
            for (const char byte : each)
                if (send(peer, &byte, 1, MSG_NOSIGNAL) != 1 || !wait(peer, drip_ms))
                    return;
        }
    }
}

} // namespace jit::pam::test
