// jitd: the daemon that asks the identity provider and keeps the ledger.
#include <cstdlib>
#include <cstring>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "jitd/daemon.h"
#include "lib/sys/event.h"
#include "lib/sys/journal.h"
#include "lib/sys/watchdog.h"

namespace {

using namespace jit;

int on_reload(sd_event_source *, const signalfd_siginfo *, void *daemon) noexcept
{
    static_cast<daemon::Daemon *>(daemon)->reload();
    return 0;
}

int on_stop(sd_event_source *source, const signalfd_siginfo *, void *daemon) noexcept
{
    static_cast<daemon::Daemon *>(daemon)->stop();
    return sd_event_exit(sd_event_source_get_event(source), 0);
}

// jitd.socket, and jitd-root.socket where it is there; systemd hands them over in any order.
Result<daemon::Daemon::Sockets> take_sockets()
{
    char **names = nullptr;
    const int count = sd_listen_fds_with_names(1, &names);
    daemon::Daemon::Sockets sockets;
    bool are_good = true;
    for (int i = 0; i < count; ++i) {
        Fd fd{SD_LISTEN_FDS_START + i};
        Fd &place = std::strcmp(names[i], "root") == 0 ? sockets.for_root : sockets.for_all;
        are_good =
            are_good && !place && sd_is_socket_unix(fd.get(), SOCK_STREAM, 1, nullptr, 0) > 0;
        place = std::move(fd);
    }
    for (int i = 0; i < count; ++i)
        free(names[i]);
    free(names);
    if (!are_good || !sockets.for_all)
        return Error{Code::bad_input, "started without its socket; start jitd.socket instead"};
    return sockets;
}

Result<void> run()
{
    daemon::Daemon::Sockets sockets = TRY(take_sockets());

    const sys::Loop loop = TRY(sys::make_loop());
    const auto served = TRY(daemon::Daemon::make(loop.get(), std::move(sockets)));
    for (const auto &[number, handler] :
         {std::pair{SIGHUP, &on_reload}, {SIGTERM, &on_stop}, {SIGINT, &on_stop}})
        if (const int r = sd_event_add_signal(loop.get(), nullptr, number, handler, served.get());
            r < 0)
            return Error{Code::internal, "a signal can't be watched", -r};
    const auto watchdog = TRY(sys::Watchdog::make(loop.get()));
    (void)sd_notify(0, "READY=1");
    return sys::run_loop(loop.get(), [&] { watchdog->begin_turn(); });
}

} // namespace

int main()
{
    (void)umask(0077);
    // Codes and tokens pass through memory: no other process of the user jit may look into it, and
    // the kernel writes none of it down, to a program that takes core dumps neither (prctl(2)).
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 1;
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : {SIGHUP, SIGTERM, SIGINT})
        sigaddset(&blocked, number);
    if (sigprocmask(SIG_BLOCK, &blocked, nullptr) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    if (const auto done = run(); !done) {
        const std::vector<sys::Field> fields{{"ERRNO", std::to_string(done.error().sys)}};
        sys::write_journal(LOG_ERR, std::string{"jitd: "} + done.error().what, fields);
        return 1;
    }
    return 0;
}
