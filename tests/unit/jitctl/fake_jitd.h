// A jitd of a few lines in a process of its own: it answers each connection with what a test says.
// Include tests/unit/cmocka_cpp.h first.
#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace jit::ctl {

// What is done with one connection, after one frame was read from it.
struct Answer {
    std::vector<std::string> frames; // each is sent with its NUL
    bool hangs_up = true;            // else the peer's end of the connection is waited for
    unsigned pause_ms = 0;           // before each frame
    bool is_aside = false;           // the next connection is answered meanwhile
};

class FakeJitd
{
  public:
    explicit FakeJitd(std::vector<Answer> answers)
    {
        char directory[] = "/tmp/jitctl-test-XXXXXX";
        assert_non_null(mkdtemp(directory));
        directory_ = directory;
        path_ = directory_ + "/socket";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.data(), path_.size());
        listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(
            bind(listener_, reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
        assert_int_equal(listen(listener_, 4), 0);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        child_ = fork();
        assert_true(child_ >= 0);
        if (child_ == 0) {
            close(ends[0]);
            serve(answers, ends[1]);
        }
        close(ends[1]);
        close(listener_);
        seen_ = ends[0];
    }
    FakeJitd(const FakeJitd &) = delete;
    FakeJitd &operator=(const FakeJitd &) = delete;
    ~FakeJitd()
    {
        if (child_ > 0)
            kill(child_, SIGKILL);
        finish();
        unlink(path_.c_str());
        rmdir(directory_.c_str());
    }

    const std::string &path() const { return path_; }

    // Waits until all answers are given; what was received, and "<closed>" for each connection
    // that the peer ended.
    std::string finish()
    {
        std::string seen;
        char buffer[4096];
        ssize_t got;
        while (seen_ >= 0 && (got = read(seen_, buffer, sizeof buffer)) > 0)
            seen.append(buffer, static_cast<std::size_t>(got));
        if (seen_ >= 0)
            close(std::exchange(seen_, -1));
        if (child_ > 0)
            waitpid(std::exchange(child_, -1), nullptr, 0);
        return seen;
    }

  private:
    [[noreturn]] void serve(const std::vector<Answer> &answers, int report)
    {
        alarm(20);
        for (const Answer &answer : answers) {
            const int peer = accept(listener_, nullptr, nullptr);
            if (answer.is_aside && fork() != 0) {
                close(peer);
                continue;
            }
            serve(answer, peer, report);
            if (answer.is_aside)
                break;
        }
        _exit(0);
    }

    static void serve(const Answer &answer, int peer, int report)
    {
        alarm(20);
        char c = 1;
        while (read(peer, &c, 1) == 1 && c != '\0')
            (void)!write(report, &c, 1);
        for (const std::string &frame : answer.frames) {
            usleep(answer.pause_ms * 1000);
            (void)!send(peer, frame.c_str(), frame.size() + 1, MSG_NOSIGNAL);
        }
        if (!answer.hangs_up) {
            while (read(peer, &c, 1) == 1)
                if (c != '\0')
                    (void)!write(report, &c, 1);
            (void)!write(report, "<closed>", 8);
        }
        close(peer);
    }

    std::string directory_;
    std::string path_;
    int listener_ = -1;
    int seen_ = -1;
    pid_t child_ = -1;
};

// What a verb printed.
class Caught
{
  public:
    Caught() : stream_(open_memstream(&text_, &size_)) {}
    Caught(const Caught &) = delete;
    Caught &operator=(const Caught &) = delete;
    ~Caught()
    {
        fclose(stream_);
        free(text_);
    }
    std::FILE *stream() const { return stream_; }
    std::string text() const
    {
        fflush(stream_);
        return {text_, size_};
    }

  private:
    char *text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE *stream_;
};

} // namespace jit::ctl
