// jit-grantd: the root helper. Without an argument it serves io.jitd.Grant on the socket that
// systemd hands over; the verbs need nothing of ours alive.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "jit_grantd/durable_disk.h"
#include "jit_grantd/file_rules.h"
#include "jit_grantd/grants.h"
#include "jit_grantd/journal_records.h"
#include "jit_grantd/nss_accounts.h"
#include "jit_grantd/proc_processes.h"
#include "jit_grantd/service.h"
#include "jit_grantd/systemd_scopes.h"
#include "jit_grantd/systemd_timers.h"
#include "jit_grantd/tell.h"
#include "lib/base/text.h"
#include "lib/sys/boot.h"

namespace jit::grantd {

namespace {

constexpr const char *daemon_user = "jit";

constexpr const char *help =
    "Usage: jit-grantd [--expire ID | --reconcile | --tell ID | --purge | --version | --help]\n"
    "\n"
    "The root helper of jit(7): makes memberships of groups and ends them. Without an\n"
    "option it is a service that systemd starts by its socket.\n"
    "\n"
    "  --expire ID   end this grant, and every other one that is due\n"
    "  --reconcile   make memberships, timers and the ledger agree\n"
    "  --tell ID     tell the grant's user at his terminals how it stands\n"
    "  --purge       end all grants\n";

constexpr int exit_ok = 0;
constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

int finish(Records &records, const char *doing, const Result<void> &done)
{
    if (done)
        return exit_ok;
    const std::string text = unavailable(doing, done.error()).text;
    records.log(LOG_ERR, text);
    (void)fprintf(stderr, "jit-grantd: %s\n", text.c_str());
    return exit_failure;
}

Result<Fd> take_socket()
{
    if (sd_listen_fds(1) != 1)
        return Error{Code::bad_input, "not started by its socket (jit-grantd.socket)"};
    Fd socket{SD_LISTEN_FDS_START};
    if (sd_is_socket_unix(socket.get(), SOCK_STREAM, 1, nullptr, 0) <= 0)
        return Error{Code::bad_input, "the socket handed over is not a listening Unix stream"};
    const int flags = fcntl(socket.get(), F_GETFL);
    if (flags < 0 || fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return Error{Code::internal, "cannot make the socket non-blocking", errno};
    return socket;
}

Result<void> serve(Grants &grants, Accounts &accounts, Records &records)
{
    Fd socket = TRY(take_socket());
    const auto daemon = accounts.find_user(daemon_user);
    if (!daemon)
        records.log(LOG_WARNING, "there is no user 'jit': only root may call");
    // A call that comes before jit-reconcile.service has run would meet the ledger of the last
    // boot.
    if (!grants.is_reconciled())
        if (const auto done = grants.reconcile(); !done)
            records.log(LOG_ERR, unavailable("cannot reconcile", done.error()).text);
    const sys::Loop loop = TRY(sys::make_loop());
    const auto service =
        TRY(Service::make(loop.get(), std::move(socket), grants,
                          daemon ? std::optional<uid_t>{daemon->uid} : std::optional<uid_t>{}));
    // Pings only if the unit has WatchdogSec=; the longest step, the wait for the lock, is 10 s.
    (void)sd_event_set_watchdog(loop.get(), 1);
    (void)sd_notify(0, "READY=1");
    const int status = sd_event_loop(loop.get());
    (void)sd_notify(0, "STOPPING=1");
    if (status < 0)
        return Error{Code::internal, "the event loop failed", -status};
    return {};
}

int run(int argc, char **argv)
{
    const std::string_view verb = argc > 1 ? argv[1] : "";
    const bool has_id = verb == "--expire" || verb == "--tell";
    if (argc > (has_id ? 3 : 2) || (has_id && (argc != 3 || !is_id(argv[2]))))
        return (void)fputs("jit-grantd: --expire and --tell want an id: 16 lower-case hex digits\n",
                           stderr),
               exit_usage;
    if (verb == "--help")
        return fputs(help, stdout) < 0 ? exit_failure : exit_ok;
    if (verb == "--version")
        return puts("jit-grantd " JIT_VERSION) < 0 ? exit_failure : exit_ok;

    const Places places;
    NssAccounts accounts;
    SystemdTimers timers;
    ProcProcesses processes;
    SystemdScopes scopes;
    DurableDisk disk;
    JournalRecords records;
    SystemClocks clocks;
    TrustedSource source{places};
    FileRules rules{places, source, disk, records};
    auto boot = sys::read_boot_id();
    if (!boot)
        return finish(records, "cannot tell this boot from others", boot.error());
    Grants grants{
        places,
        {accounts, timers, processes, scopes, disk, rules, records, clocks, *std::move(boot)}};

    if (verb.empty())
        return finish(records, "cannot serve", serve(grants, accounts, records));
    if (verb == "--expire")
        return finish(records, "cannot expire", grants.expire(argv[2]));
    if (verb == "--reconcile")
        return finish(records, "cannot reconcile", grants.reconcile());
    if (verb == "--tell")
        return finish(records, "cannot tell", tell(places, disk, argv[2], clocks.now()));
    if (verb == "--purge")
        return finish(records, "cannot end all grants", grants.purge());
    (void)fputs(help, stderr);
    return exit_usage;
}

} // namespace

} // namespace jit::grantd

int main(int argc, char **argv)
{
    // Modes are set exactly where files are made; this is for the folders.
    (void)umask(0022);
    (void)signal(SIGPIPE, SIG_IGN);
    try {
        return jit::grantd::run(argc, argv);
    } catch (...) { // memory: systemd starts us again
        return 1;
    }
}
