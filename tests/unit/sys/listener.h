// A socket that listens at a path. Include tests/unit/cmocka_cpp.h first.
#pragma once

#include <string>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/fd.h"

namespace jit::sys::test {

inline Fd listen_at(const std::string &path, int backlog = 64)
{
    Fd listening{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    assert_int_equal(
        bind(listening.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
    assert_int_equal(listen(listening.get(), backlog), 0);
    return listening;
}

} // namespace jit::sys::test
