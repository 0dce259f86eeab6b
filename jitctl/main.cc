// jitctl(1): asks jitd for what the command line says. No privilege of its own.
#include <csignal>
#include <cstdio>
#include <exception>
#include <sys/signalfd.h>
#include <unistd.h>

#include "jitctl/cli.h"
#include "jitctl/verbs.h"

namespace {

using namespace jit;
using namespace jit::ctl;

// SIGINT and SIGTERM as a descriptor, for the verbs that wait for a person.
Fd take_stop_signals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
        return {};
    Fd stop{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    // Without a descriptor let them kill, which closes the connection and so cancels too.
    if (!stop)
        (void)sigprocmask(SIG_UNBLOCK, &set, nullptr);
    return stop;
}

Exit print_version(const Output &output)
{
    if (output.json)
        output.print_json(ipc::Json{json_pack("{s:s}", "version", JIT_VERSION)}.get());
    else
        output.print("jitctl " JIT_VERSION);
    return Exit::done;
}

Exit run(const Command &command, const Output &output)
{
    switch (command.verb) {
    case Verb::request: {
        const Fd stop = take_stop_signals();
        return request(command, output, default_socket, stop.get());
    }
    case Verb::extend: {
        const Fd stop = take_stop_signals();
        return extend(command, output, default_socket, stop.get());
    }
    case Verb::approve: {
        const Fd stop = take_stop_signals();
        return approve(command, output, default_socket, stop.get());
    }
    case Verb::deny: {
        const Fd stop = take_stop_signals();
        return deny(command, output, default_socket, stop.get());
    }
    case Verb::pending:
        return pending(command, output, default_socket);
    case Verb::status:
        return status(command, output, default_socket);
    case Verb::roles:
        return roles(command, output, default_socket);
    case Verb::list:
        return list(command, output, default_socket);
    case Verb::drop:
        return drop(command, output, default_socket);
    case Verb::revoke:
        return revoke(command, output, default_socket);
    case Verb::cancel:
        return cancel(command, output, default_socket);
    case Verb::pins:
        return pins(command, output, default_socket);
    case Verb::confirm_pin:
        return confirm_pin(command, output, default_socket);
    case Verb::clear_pin:
        return clear_pin(command, output, default_socket);
    case Verb::sudoers:
        return sudoers(command, output);
    case Verb::policy_check:
        return policy_check(command, output);
    case Verb::policy_explain:
        return policy_explain(command, output);
    case Verb::policy_simulate:
        return policy_simulate(command, output, default_socket);
    case Verb::doctor:
        return doctor(output);
    case Verb::policy_test:
        return policy_test(command, output);
    case Verb::version:
        return print_version(output);
    }
    return Exit::failed;
}

Exit run(int argc, const char *const *argv)
{
    const Parsed parsed = parse_arguments(argc, argv);
    Output output;
    if (!parsed.command && parsed.is_help) {
        (void)std::fputs(parsed.text.c_str(), output.out); // main() looks at the stream
        return Exit::done;
    }
    if (!parsed.command) {
        output.json = parsed.json;
        const Exit exit = report(output, Exit::usage, "Usage", parsed.text);
        output.tell("Try 'jitctl --help'.");
        return exit;
    }
    output.json = parsed.command->json;
    output.err_is_terminal = isatty(STDERR_FILENO) == 1;
    return run(*parsed.command, output);
}

} // namespace

int main(int argc, char **argv)
{
    Exit exit = Exit::failed;
    try {
        exit = run(argc, argv);
    } catch (const std::exception &) { // memory is all that can still throw
        (void)std::fputs("jitctl: out of memory\n", stderr);
    }
    // Data that did not reach its file must not look like success.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        (void)std::fputs("jitctl: cannot write the answer\n", stderr);
        if (exit == Exit::done)
            exit = Exit::failed;
    }
    return static_cast<int>(exit);
}
