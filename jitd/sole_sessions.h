// The one session that a grant is for: the grant ends with it, though nobody says that it was
// closed, as a login that is hung up on does not.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "lib/base/fd.h"
#include "lib/sys/event.h"

namespace jit::daemon {

// No more of them than grants are live.
class SoleSessions
{
  public:
    // Borrows the loop.
    explicit SoleSessions(sd_event *loop) : loop_(loop) {}

    //   over     called once from the loop, when the process is over; not after forget()
    //   returns  false: it is over already, and nothing is called
    bool watch(const std::string &grant, pid_t process, std::function<void()> over);
    void forget(std::string_view grant);

  private:
    struct Session {
        Fd process; // pidfd_open(2): readable when it is over
        std::unique_ptr<sys::Watch> watch;
    };
    sd_event *loop_;
    std::map<std::string, Session, std::less<>> sessions_; // by the grant's id
};

} // namespace jit::daemon
