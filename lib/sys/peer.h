// Who is at the other end of a Unix socket.
#pragma once

#include <sys/types.h>

#include "lib/base/result.h"

namespace jit::sys {

struct Peer {
    uid_t uid = static_cast<uid_t>(-1);
    gid_t gid = static_cast<gid_t>(-1);
    pid_t pid = 0; // for records only: it may have been used again
};

// The credentials of connect() time (SO_PEERCRED, unix(7)). Errors: denied.
Result<Peer> read_peer(int socket);

} // namespace jit::sys
