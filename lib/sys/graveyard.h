// Closes sockets that hold what others have sent, without ever waiting for it.
//
// Who sends to a Unix socket may pass descriptors along (SCM_RIGHTS in unix(7)). Those that nobody
// takes are closed by whoever reads the message or closes the socket, and the last close of a TCP
// socket with SO_LINGER takes as long as its sender wants: a local user could stop a daemon for
// hours. The kernel spares one alone that wait, a process that exits. So a socket with something
// unread in it is left to a child that does nothing but exit.
#pragma once

#include <memory>
#include <vector>

#include <sys/types.h>

#include "lib/base/fd.h"
#include "lib/sys/event.h"

namespace jit::sys {

class Graveyard
{
  public:
    // Borrows the loop.
    static Result<std::unique_ptr<Graveyard>> make(sd_event *loop);
    Graveyard(const Graveyard &) = delete;
    Graveyard &operator=(const Graveyard &) = delete;
    ~Graveyard();

    // Ends a Unix stream for both sides at once. It is closed at once as well if nothing lies
    // unread in it, else a moment later, with others.
    void take(Fd socket);
    // Sockets that are not closed yet.
    std::size_t size() const { return dead_.size(); }

  private:
    Graveyard() = default;
    void bury();
    void reap();

    std::vector<Fd> dead_;
    std::vector<pid_t> children_;
    std::unique_ptr<Timer> soon_;
};

} // namespace jit::sys
