// A verb in a process of its own, at a terminal that a test types at and reads.
// Include tests/unit/cmocka_cpp.h first.
#pragma once

#include <csignal>
#include <cstdio>
#include <functional>
#include <poll.h>
#include <pty.h>
#include <string>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jitctl/output.h"
#include "lib/base/clock.h"

namespace jit::ctl {

inline bool contains(const std::string &text, const std::string &part)
{
    if (text.find(part) != text.npos)
        return true;
    print_error("no \"%s\" in: %s\n", part.c_str(), text.c_str());
    return false;
}

class AtTerminal
{
  public:
    // stop_fd is of SIGINT and SIGTERM, as that of jitctl itself.
    using Verb = std::function<Exit(const Output &output, int stop_fd)>;

    explicit AtTerminal(const Verb &verb, bool json = false)
    {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        child_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
        assert_true(child_ >= 0);
        if (child_ == 0) {
            alarm(30);
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGINT);
            sigaddset(&set, SIGTERM);
            (void)sigprocmask(SIG_BLOCK, &set, nullptr);
            const int stop = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
            std::FILE *const out = fdopen(ends[1], "w");
            const Exit exit = verb({out, stderr, json, true}, stop);
            (void)fflush(out);
            _exit(static_cast<int>(exit));
        }
        close(ends[1]);
        out_ = ends[0];
    }
    AtTerminal(const AtTerminal &) = delete;
    AtTerminal &operator=(const AtTerminal &) = delete;
    ~AtTerminal()
    {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            waitpid(child_, nullptr, 0);
        }
        close(terminal_);
        close(out_);
    }

    pid_t pid() const { return child_; }

    // Reads until a text stands there that was not asked for before; false: it never comes.
    bool shows(const std::string &text)
    {
        std::size_t at;
        while ((at = screen_.find(text, seen_)) == screen_.npos)
            if (!read_some())
                return contains(screen_.substr(seen_), text);
        seen_ = at + text.size();
        return true;
    }

    void type(const std::string &keys)
    {
        assert_int_equal(write(terminal_, keys.data(), keys.size()), keys.size());
    }

    // Waits for its end.
    int finish()
    {
        while (read_some()) {
        }
        int status = 0;
        waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    // After its end: all that was on the screen, and on its standard output.
    const std::string &screen() const { return screen_; }
    std::string out() const
    {
        std::string text;
        char buffer[4096];
        ssize_t got;
        while ((got = read(out_, buffer, sizeof buffer)) > 0)
            text.append(buffer, static_cast<std::size_t>(got));
        return text;
    }

  private:
    bool read_some()
    {
        pollfd one{terminal_, POLLIN, 0};
        char buffer[4096];
        if (poll(&one, 1, 20'000) <= 0)
            return false;
        const ssize_t got = read(terminal_, buffer, sizeof buffer);
        if (got <= 0)
            return false; // EIO: the other end has gone
        screen_.append(buffer, static_cast<std::size_t>(got));
        return true;
    }

    int terminal_ = -1;
    int out_ = -1;
    pid_t child_ = -1;
    std::string screen_;
    std::size_t seen_ = 0;
};

} // namespace jit::ctl
