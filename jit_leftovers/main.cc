// jit-leftovers: what ended grants have left behind on this host. Started by jit-leftovers.path
// when grants have ended, and by jit-leftovers.timer in case that was missed.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <sys/stat.h>
#include <syslog.h>
#include <thread>

#include "jit_leftovers/limits.h"
#include "jit_leftovers/search.h"
#include "lib/base/clock.h"
#include "lib/sys/journal.h"

namespace jit::leftovers {

namespace {

constexpr const char *help =
    "Usage: jit-leftovers [--now | --version | --help]\n"
    "\n"
    "Looks for what was left behind on this host in the time of each grant of jit(7) that has\n"
    "ended and was not looked at yet. Without an option it first waits until several that end\n"
    "together have all ended.\n"
    "\n"
    "  --now   do not wait, and look once\n";

Result<std::size_t> look()
{
    return search_once({}, [](const Record &record) {
        sys::write_journal(record.priority, record.message, record.fields);
    });
}

int complain(const Error &error)
{
    std::string text = std::string{"cannot look for what grants left behind: "} + error.what;
    if (error.sys != 0)
        text += std::string{" ("} + std::strerror(error.sys) + ")";
    sys::write_journal(LOG_ERR, text);
    (void)fprintf(stderr, "jit-leftovers: %s\n", text.c_str());
    return 1;
}

// What ends while a search goes on is found by the next one, as the path unit looks away until this
// program is done.
int look_until_done()
{
    std::chrono::milliseconds rest = settle;
    for (int round = 0; round < max_rounds; ++round) {
        std::this_thread::sleep_for(rest);
        const BootTime began = boot_time();
        const auto looked = look();
        if (!looked)
            return complain(looked.error());
        if (*looked == 0)
            return 0;
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(boot_time() - began);
        rest = std::clamp(rests_for_one * took, settle, longest_rest);
    }
    return 0;
}

int run(int argc, char **argv)
{
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (argc > 2 || (!verb.empty() && verb != "--now" && verb != "--help" && verb != "--version"))
        return (void)fputs(help, stderr), 2;
    if (verb == "--help")
        return fputs(help, stdout) < 0 ? 1 : 0;
    if (verb == "--version")
        return puts("jit-leftovers " JIT_VERSION) < 0 ? 1 : 0;
    if (verb.empty())
        return look_until_done();
    const auto looked = look();
    return looked ? 0 : complain(looked.error());
}

} // namespace

} // namespace jit::leftovers

int main(int argc, char **argv)
{
    (void)umask(0027);
    (void)signal(SIGPIPE, SIG_IGN);
    try {
        return jit::leftovers::run(argc, argv);
    } catch (...) { // memory: the next start tries again
        return 1;
    }
}
