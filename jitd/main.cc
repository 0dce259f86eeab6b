// jitd: the daemon that asks the identity provider and keeps the ledger.
#include <signal.h>
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

Result<void> run()
{
    if (sd_listen_fds(1) != 1 ||
        sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, nullptr, 0) <= 0)
        return Error{Code::bad_input, "started without its socket; start jitd.socket instead"};
    Fd listening{SD_LISTEN_FDS_START};

    const sys::Loop loop = TRY(sys::make_loop());
    const auto served = TRY(daemon::Daemon::make(loop.get(), std::move(listening)));
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
