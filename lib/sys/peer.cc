#include "lib/sys/peer.h"

#include <sys/socket.h>

#include <cerrno>

namespace jit::sys {

Result<Peer> read_peer(int socket)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
        size != sizeof credentials)
        return Error{Code::denied, "the peer's credentials can't be read", errno};
    return Peer{credentials.uid, credentials.gid, credentials.pid};
}

} // namespace jit::sys
