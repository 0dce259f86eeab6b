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

// A connection with a call on it.
int call(const std::string &socket, const std::string &text)
{
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.size() >= sizeof address.sun_path)
        die("the socket's path is too long");
    std::memcpy(address.sun_path, socket.data(), socket.size());
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        die(std::string{"jitd can't be reached: "} + std::strerror(errno));
    if (send(fd, text.c_str(), text.size() + 1, MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size() + 1))
        die("a call can't be sent");
    return fd;
}

} // namespace

std::string Requester::user_of(unsigned number)
{
    const std::string digits = std::to_string(number / 4);
    return "w" + std::string(5 - digits.size(), '0') + digits;
}

Requester::Requester(Loop &loop, const std::string &socket, unsigned number) : number_(number)
{
    // As the module asks for a sudo.
    fd_ = call(
        socket,
        R"({"method":"io.jitd.Elevation.Request","more":true,"parameters":{"role":"web","user":")" +
            user_of(number) + R"(","service":"sudo","tty":"pts/)" + std::to_string(number) +
            R"(","session":)" + std::to_string(number + 1000) +
            R"(,"command":"/usr/bin/systemctl restart nginx.service","timeout":900}})");
    loop.add(fd_, EPOLLIN, this);
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
    grant_ = member(reply, "id");
    over_ms_ = now_ms();
}

Ender::Ender(Loop &loop, const std::string &socket, const std::string &grant)
    : fd_(call(socket,
               R"({"method":"io.jitd.Elevation.Revoke","parameters":{"id":")" + grant + R"("}})"))
{
    loop.add(fd_, EPOLLIN, this);
}

Ender::~Ender()
{
    close(fd_);
}

void Ender::on_ready(std::uint32_t)
{
    std::array<char, 4096> chunk;
    const ssize_t got = read(fd_, chunk.data(), chunk.size());
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 || std::string_view{chunk.data(), static_cast<std::size_t>(got)}.find("error") !=
                        std::string_view::npos)
        die("a grant can't be ended");
    is_done_ = true;
}

} // namespace jit::bench
