#include "jitd/sole_sessions.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jit::daemon {

bool SoleSessions::watch(const std::string &grant, pid_t process, std::function<void()> over)
{
    Session session;
    session.process.reset(static_cast<int>(syscall(SYS_pidfd_open, process, 0U)));
    if (!session.process)
        return errno != ESRCH; // what can't be watched has its end in time
    auto made =
        sys::Watch::make(loop_, session.process.get(), EPOLLIN,
                         [this, grant, over = std::move(over)](std::uint32_t) {
                             // What runs here lives until the grant's end has been carried out, by
                             // forget().
                             if (const auto found = sessions_.find(grant); found != sessions_.end())
                                 found->second.watch->stop();
                             over();
                         });
    if (!made)
        return true;
    session.watch = *std::move(made);
    sessions_.insert_or_assign(grant, std::move(session));
    return true;
}

void SoleSessions::forget(std::string_view grant)
{
    if (const auto found = sessions_.find(grant); found != sessions_.end())
        sessions_.erase(found);
}

} // namespace jit::daemon
