#include "pam_jit/ssh_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "lib/base/fixed_text.h"
#include "pam_jit/names.h"

namespace jit::pam {

namespace {

// sshd has a handful.
constexpr int last_descriptor = 255;

using Client = FixedText<INET6_ADDRSTRLEN + 8>; // "ADDRESS PORT"

// As sshd writes it: an IPv4 address as such, whatever kind of socket it came to.
Client write_client(const sockaddr_storage &peer)
{
    char text[INET6_ADDRSTRLEN] = "";
    Client out;
    const auto write = [&](int family, const void *address, in_port_t port) {
        if (inet_ntop(family, address, text, sizeof text) != nullptr)
            out.add(text).add(" ").add_number(ntohs(port));
    };
    if (peer.ss_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &peer, sizeof four);
        write(AF_INET, &four.sin_addr, four.sin_port);
    } else if (peer.ss_family == AF_INET6) {
        sockaddr_in6 six{};
        std::memcpy(&six, &peer, sizeof six);
        if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
            write(AF_INET, &six.sin6_addr.s6_addr[12], six.sin6_port);
        else
            write(AF_INET6, &six.sin6_addr, six.sin6_port);
    }
    return out;
}

// "fe80::1%eth0 22 …" without its scope.
Client read_client(std::string_view connection)
{
    Client out;
    const std::string_view address = first_word(connection);
    if (address.size() == connection.size())
        return out;
    const std::string_view port = first_word(without_front(connection, address.size() + 1));
    std::size_t size = 0;
    while (size < address.size() && address[size] != '%')
        ++size;
    out.add({address.data(), size}).add(" ").add(port);
    return out;
}

} // namespace

int find_ssh_socket(std::string_view connection)
{
    const Client wanted = read_client(connection);
    for (int fd = 0; !wanted.empty() && fd <= last_descriptor; ++fd) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        if (getpeername(fd, reinterpret_cast<sockaddr *>(&peer), &size) == 0 &&
            write_client(peer).view() == wanted.view())
            return fd;
    }
    return -1;
}

bool has_client_gone(int socket)
{
    pollfd one{socket, POLLRDHUP, 0};
    return socket >= 0 && poll(&one, 1, 0) > 0 && one.revents != 0;
}

} // namespace jit::pam
