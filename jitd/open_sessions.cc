#include "jitd/open_sessions.h"

#include <algorithm>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jitd/limits.h"

namespace jit::daemon {

namespace {

bool is_over(const Fd &process)
{
    pollfd one{process.get(), POLLIN, 0};
    return poll(&one, 1, 0) != 0;
}

} // namespace

void OpenSessions::opened(const std::string &grant, pid_t pid, std::string line)
{
    const auto is_full = [&] {
        return sessions_.size() >= limits::open_sessions ||
               sessions_.count(grant) >= limits::open_sessions_of_one_grant;
    };
    // Each is asked of the kernel: only where there is no place.
    if (is_full())
        std::erase_if(sessions_, [](const auto &each) { return is_over(each.second.process); });
    if (is_full())
        return;
    // Not in every C library that we build with.
    Fd process{static_cast<int>(syscall(SYS_pidfd_open, pid, 0U))};
    if (process)
        sessions_.emplace(grant, Session{pid, std::move(process), std::move(line)});
}

void OpenSessions::closed(const std::string &grant, pid_t pid)
{
    std::erase_if(sessions_,
                  [&](const auto &each) { return each.first == grant && each.second.pid == pid; });
}

std::vector<std::string> OpenSessions::take(const std::string &grant)
{
    std::vector<std::string> lines;
    const auto [first, last] = sessions_.equal_range(grant);
    for (auto each = first; each != last; ++each)
        if (!is_over(each->second.process))
            lines.push_back(std::to_string(each->second.pid) + " " + each->second.line);
    sessions_.erase(first, last);
    return lines;
}

} // namespace jit::daemon
