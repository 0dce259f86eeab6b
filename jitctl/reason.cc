#include "jitctl/reason.h"

#include <cerrno>
#include <cstdio>
#include <poll.h>
#include <unistd.h>

#include "lib/ipc/elevation.h"

namespace jit::ctl {

namespace {

std::string trim(const std::string &text)
{
    constexpr const char *blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

bool can_ask(const Output &output)
{
    return output.err_is_terminal && isatty(STDIN_FILENO) != 0;
}

std::optional<std::string> ask_reason(const Output &output, int stop_fd)
{
    (void)std::fputs("your reason: ", output.err); // talk: a lost prompt harms nothing
    (void)std::fflush(output.err);
    std::string typed;
    for (;;) {
        pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {stop_fd, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return std::nullopt;
        if (fds[1].revents != 0)
            return std::nullopt;
        if (fds[0].revents == 0)
            continue;
        char byte = 0; // one at a time: a terminal hands a line out when it is whole
        const ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return std::nullopt;
        if (byte == '\n')
            return trim(typed);
        if (typed.size() <= ipc::max_reason_bytes)
            typed += byte;
    }
}

} // namespace jit::ctl
