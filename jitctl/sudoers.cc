// `jitctl sudoers`: sudo's side of the policy, to be put into /etc/sudoers.d.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

#include "jitctl/host_look.h"
#include "jitctl/policy_load.h"
#include "jitctl/verbs.h"
#include "jitctl/ways_round.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "policy/sudoers.h"

namespace jit::ctl {

namespace {

constexpr const char *visudo = "/usr/sbin/visudo";

bool write_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t done = write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

// What visudo(8) says of the file: its exit status; absent if it could not be asked.
std::optional<int> ask_visudo(const std::string &text)
{
    char path[] = "/tmp/jitctl-sudoers-XXXXXX"; // readable by us alone
    const Fd file{mkostemp(path, O_CLOEXEC)};
    if (!file)
        return std::nullopt;
    std::optional<int> status;
    if (write_all(file.get(), text)) {
        char check[] = "-cf";
        char name[] = "visudo";
        char *const arguments[] = {name, check, path, nullptr};
        pid_t child = 0;
        int ended = 0;
        if (posix_spawn(&child, visudo, nullptr, nullptr, arguments, environ) == 0 &&
            waitpid(child, &ended, 0) == child && WIFEXITED(ended))
            status = WEXITSTATUS(ended);
    }
    (void)unlink(path); // a file of our own in /tmp, in which nothing secret stands
    return status;
}

void tell(const Output &output, const std::optional<std::vector<doctor::Finding>> &ways)
{
    if (!ways)
        return output.complain("cannot read this host's sudoers, so nothing is said of rules that "
                               "go round the gate; ask as root");
    for (const doctor::Finding &one : *ways)
        for (const std::string &line : lines_of(one))
            output.tell(line);
}

} // namespace

Exit sudoers(const Command &command, const Output &output, const PolicyPlaces &places,
             const DoctorPlaces &host)
{
    const LoadedPolicy loaded = load_policy(std::nullopt, places);
    if (!loaded.policy)
        return report_errors(output, loaded);
    if (!loaded.config) {
        for (const policy::Diagnostic &one : loaded.config_diagnostics)
            output.tell(policy::format_diagnostic(one));
        output.complain("the configuration has errors, so nobody can be said to be eligible");
        return Exit::usage;
    }
    const auto style =
        command.is_group_style ? policy::SudoersStyle::group : policy::SudoersStyle::gate;
    const std::string text =
        policy::render_sudoers(*loaded.policy, *loaded.config, host_of(loaded.config), style);
    const auto ways = look_for_ways_round(loaded, style, text, host);
    if (output.json) {
        output.print_json(
            ipc::Json{json_pack("{s:s,s:s,s:o}", "style", command.is_group_style ? "group" : "gate",
                                "sudoers", text.c_str(), "findings",
                                ways ? json_of(*ways).release() : json_null())}
                .get());
    } else {
        (void)std::fputs(text.c_str(), output.out); // main() looks at the stream
        (void)std::fflush(output.out);
        tell(output, ways);
    }
    if (!command.is_checked)
        return Exit::done;
    (void)std::fflush(output.out);
    const auto status = ask_visudo(text);
    if (!status) {
        output.complain(std::string{"cannot ask "} + visudo);
        return Exit::failed;
    }
    const bool has_fault =
        ways && std::any_of(ways->begin(), ways->end(), [](const doctor::Finding &one) {
            return one.kind == doctor::Finding::Kind::fault;
        });
    return *status == 0 && !has_fault ? Exit::done : Exit::denied;
}

} // namespace jit::ctl
