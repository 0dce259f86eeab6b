#include "tests/bench/requesters.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace jit::bench {

namespace {

std::string member(std::string_view reply, std::string_view name)
{
    const std::string begin = "\"" + std::string{name} + "\":\"";
    const std::size_t at = reply.find(begin);
    if (at == reply.npos)
        return {};
    const std::string_view rest = reply.substr(at + begin.size());
    return std::string{rest.substr(0, rest.find('"'))};
}

} // namespace

std::string Requester::user_of(unsigned number)
{
    const std::string digits = std::to_string(number / 4);
    return "w" + std::string(5 - digits.size(), '0') + digits;
}

Requester::Requester(Loop &loop, const std::string &socket, unsigned number)
    : loop_(loop), number_(number),
      fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.size() >= sizeof address.sun_path)
        die("the socket's path is too long");
    std::memcpy(address.sun_path, socket.data(), socket.size());
    if (fd_ < 0 || connect(fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        die(std::string{"jitd can't be reached: "} + std::strerror(errno));
    // As the module asks for a sudo.
    const std::string call =
        R"({"method":"io.jitd.Elevation.Request","more":true,"parameters":{"role":"web","user":")" +
        user_of(number) + R"(","service":"sudo","tty":"pts/)" + std::to_string(number) +
        R"(","session":)" + std::to_string(number + 1000) +
        R"(,"command":"/usr/bin/systemctl restart nginx.service","timeout":900}})";
    if (send(fd_, call.c_str(), call.size() + 1, MSG_NOSIGNAL) !=
        static_cast<ssize_t>(call.size() + 1))
        die("a request can't be sent");
    loop_.add(fd_, EPOLLIN, this);
}

void Requester::leave()
{
    if (fd_ >= 0)
        close(fd_);
    fd_ = -1;
}

void Requester::on_ready(std::uint32_t)
{
    std::array<char, 4096> chunk;
    const double now = now_ms();
    const ssize_t got = read(fd_, chunk.data(), chunk.size());
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        if (!is_over())
            over_ms_ = now;
        return leave();
    }
    in_.append(chunk.data(), static_cast<std::size_t>(got));
    for (std::size_t end = in_.find('\0'); end != in_.npos; end = in_.find('\0')) {
        read_reply(std::string_view{in_}.substr(0, end));
        in_.erase(0, end + 1);
    }
    in_.shrink_to_fit();
}

void Requester::read_reply(std::string_view reply)
{
    last_ = reply;
    const std::string state = member(reply, "state");
    if (state == "code")
        code_ = member(reply, "code");
    if (state == "pending" || state == "code")
        return;
    granted_ = state == "granted";
    over_ms_ = now_ms();
}

} // namespace jit::bench
