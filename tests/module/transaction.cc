#include "tests/module/transaction.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace jit::pam::test {

std::atomic<pid_t> current = 0;

namespace {

std::string shown_here;
const Wish *wish_here = nullptr;

// It says which code it is about to return.
bool is_of_pam_debug(const char *text)
{
    for (const char *front : {"auth=", "cred=", "acct=", "open_session=", "close_session=",
                              "prechauthtok=", "chauthtok="})
        if (std::strncmp(text, front, std::strlen(front)) == 0)
            return true;
    return false;
}

int converse(int count, const pam_message **messages, pam_response **responses, void *)
{
    const Talk talk = wish_here->talk;
    if (talk == Talk::fails)
        return PAM_CONV_ERR;
    if (talk == Talk::spoils) {
        *responses = reinterpret_cast<pam_response *>(std::uintptr_t{8});
        return PAM_CONV_ERR;
    }
    auto *made = static_cast<pam_response *>(
        std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
    if (made == nullptr)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; ++i) {
        const pam_message &message = *messages[i];
        const bool is_prompt = message.msg_style == PAM_PROMPT_ECHO_ON;
        if (is_of_pam_debug(message.msg))
            continue;
        shown_here += message.msg_style == PAM_ERROR_MSG ? "E" : is_prompt ? "P" : "I";
        shown_here += message.msg;
        shown_here += '\n';
        if (is_prompt && wish_here->on_prompt)
            wish_here->on_prompt();
        if (is_prompt && talk != Talk::no_text)
            made[i].resp = strdup(wish_here->answer.c_str());
        if (is_prompt && (talk == Talk::deaf || (talk == Talk::good && made[i].resp == nullptr))) {
            std::free(made[i].resp);
            std::free(made);
            return PAM_CONV_ERR;
        }
    }
    if (talk == Talk::no_reply) {
        std::free(made[0].resp);
        std::free(made);
        made = nullptr;
    }
    *responses = made;
    return PAM_SUCCESS;
}

bool is_call(char phase)
{
    return std::strchr("acserdoxp", phase) != nullptr;
}

int call(pam_handle_t *handle, char phase, int flags)
{
    switch (phase) {
    case 'a':
        return pam_authenticate(handle, flags);
    case 'c':
        return pam_acct_mgmt(handle, flags);
    case 's':
        return pam_setcred(handle, static_cast<int>(PAM_REINITIALIZE_CRED) | flags);
    case 'e':
        return pam_setcred(handle, static_cast<int>(PAM_ESTABLISH_CRED) | flags);
    case 'r':
        return pam_setcred(handle, static_cast<int>(PAM_REFRESH_CRED) | flags);
    case 'd':
        return pam_setcred(handle, static_cast<int>(PAM_DELETE_CRED) | flags);
    case 'o':
        return pam_open_session(handle, flags);
    case 'x':
        return pam_close_session(handle, flags);
    case 'p':
        return pam_chauthtok(handle, flags);
    default:
        return -1;
    }
}

void go_on_in_a_child()
{
    const pid_t child = fork();
    if (child <= 0)
        return;
    int status = 0;
    (void)waitpid(child, &status, 0);
    std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
}

void between(pam_handle_t *handle, char step)
{
    if (step == 'w')
        (void)usleep(1200000);
    else if (step == 'f')
        go_on_in_a_child();
    else if (step == 'u')
        (void)pam_set_item(handle, PAM_USER, "root");
}

void write_all(int fd, const void *data, std::size_t size)
{
    (void)!write(fd, data, size);
}

void take_terminal(Terminal &terminal)
{
    const int slave = open(ptsname(terminal.master.get()), O_RDWR);
    (void)ioctl(slave, TIOCSCTTY, 0);
    terminal.master.reset();
    (void)signal(SIGHUP, SIG_IGN);
}

[[noreturn]] void run_child(const Wish &wish, int report)
{
    (void)setsid();
    (void)alarm(60); // whatever the module does, it ends
    if (wish.terminal != nullptr)
        take_terminal(*wish.terminal);
    // As in sudo: the real uid is the person's, the effective one root.
    if (setresuid(wish.real_uid, static_cast<uid_t>(-1), static_cast<uid_t>(-1)) != 0)
        std::_Exit(98);
    wish_here = &wish;
    shown_here.reserve(65536); // a test may take the memory away
    const pam_conv conversation{wish.talk == Talk::absent ? nullptr : converse, nullptr};
    pam_handle_t *handle = nullptr;
    if (pam_start(wish.service.c_str(), wish.user.empty() ? nullptr : wish.user.c_str(),
                  &conversation, &handle) != PAM_SUCCESS)
        std::_Exit(99);
    if (!wish.ruser.empty())
        (void)pam_set_item(handle, PAM_RUSER, wish.ruser.c_str());
    if (!wish.tty.empty())
        (void)pam_set_item(handle, PAM_TTY, wish.tty.c_str());
    for (const std::string &each : wish.environment)
        (void)pam_putenv(handle, each.c_str());
    if (wish.before)
        wish.before();
    for (const char phase : wish.phases) {
        if (!is_call(phase)) {
            between(handle, phase);
            continue;
        }
        const int code = call(handle, phase, wish.flags);
        write_all(report, &code, sizeof code);
    }
    const int status = wish.after ? wish.after() : 0;
    (void)pam_end(handle, PAM_SUCCESS);
    write_all(report, shown_here.data(), shown_here.size());
    std::exit(status); // pam_wrapper takes its own folder away there
}

} // namespace

Terminal::Terminal() : master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))
{
    if (!master || grantpt(master.get()) != 0 || unlockpt(master.get()) != 0)
        std::abort();
}

Running start(const Wish &wish)
{
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        std::abort();
    const pid_t child = fork();
    if (child == 0)
        run_child(wish, ends[1]);
    (void)close(ends[1]);
    return {child, Fd{ends[0]}};
}

Outcome finish(Running running, const Wish &wish)
{
    std::string all;
    char bytes[4096];
    for (ssize_t got = 0; (got = read(running.report.get(), bytes, sizeof bytes)) > 0;)
        all.append(bytes, static_cast<std::size_t>(got));
    Outcome outcome;
    (void)waitpid(running.pid, &outcome.status, 0);
    std::size_t left = 0;
    for (const char phase : wish.phases)
        left += is_call(phase);
    std::size_t at = 0;
    for (; left > 0 && at + sizeof(int) <= all.size(); at += sizeof(int), --left) {
        int code = 0;
        std::memcpy(&code, all.data() + at, sizeof code);
        outcome.codes.push_back(code);
    }
    outcome.shown = all.substr(at);
    return outcome;
}

Outcome run(const Wish &wish)
{
    Running running = start(wish);
    current = running.pid;
    Outcome outcome = finish(std::move(running), wish);
    current = 0;
    return outcome;
}

} // namespace jit::pam::test
