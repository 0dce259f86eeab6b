#include "jitctl/terminal.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "lib/ipc/elevation.h"

namespace jit::ctl {

std::string trim(const std::string &text)
{
    constexpr const char *blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool can_ask(const Output &output)
{
    return output.err_is_terminal && isatty(STDIN_FILENO) != 0;
}

std::optional<std::string> ask_line(const Output &output, std::string_view prompt, int stop_fd)
{
    // Talk: a lost prompt harms nothing.
    (void)std::fwrite(prompt.data(), 1, prompt.size(), output.err);
    (void)std::fflush(output.err);
    std::string typed;
    for (;;) {
        pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {stop_fd, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return std::nullopt;
        if (fds[1].revents != 0) {
            (void)std::fputc('\n', output.err); // after the ^C that the terminal shows
            return std::nullopt;
        }
        if (fds[0].revents == 0)
            continue;
        switch (read_typed(typed)) {
        case Typed::some:
            continue;
        case Typed::line:
            return trim(typed);
        case Typed::none:
            return std::nullopt;
        }
    }
}

int keys_of_terminal()
{
    return isatty(STDIN_FILENO) != 0 && tcgetpgrp(STDIN_FILENO) == getpgrp() ? STDIN_FILENO : -1;
}

Typed read_typed(std::string &line)
{
    char byte = 0; // one at a time: a terminal hands a line out when it is whole
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return Typed::some;
    if (got <= 0)
        return Typed::none;
    if (byte == '\n')
        return Typed::line;
    if (line.size() <= ipc::max_reason_bytes)
        line += byte;
    return Typed::some;
}

void forget_typed()
{
    (void)tcflush(STDIN_FILENO, TCIFLUSH); // what is no terminal has nothing to forget
}

bool take_stop(int stop_fd)
{
    signalfd_siginfo signal{};
    return read(stop_fd, &signal, sizeof signal) == sizeof signal && signal.ssi_signo == SIGTERM;
}

} // namespace jit::ctl
