// Sessions under grants that PAM has said were opened, and not that they were closed: what still
// runs when a grant ends, for its record. It decides nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "lib/base/fd.h"

namespace jit::daemon {

class OpenSessions
{
  public:
    // A session of a process. One too many, by the caps in limits.h, is left out.
    //   line  for people: "PID SERVICE for ACCOUNT" without the pid
    void opened(const std::string &grant, pid_t pid, std::string line);
    void closed(const std::string &grant, pid_t pid);

    // The grant's whose process still runs, "PID LINE" each; they are forgotten with it.
    std::vector<std::string> take(const std::string &grant);

  private:
    struct Session {
        pid_t pid = 0;
        Fd process; // pidfd_open(2): readable when it is over
        std::string line;
    };
    std::multimap<std::string, Session, std::less<>> sessions_; // by the grant's id
};

} // namespace jit::daemon
