// One PAM transaction with the shipped module, in a process of its own with a terminal of its own.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <security/pam_appl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/fd.h"

namespace jit::pam::test {

struct Terminal {
    Fd master{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    Terminal()
    {
        (void)grantpt(master.get());
        (void)unlockpt(master.get());
    }
};

struct Wish {
    std::string service;
    std::string user = "nobody";
    std::string ruser;
    std::string tty;
    uid_t real_uid = 0;
    Terminal *terminal = nullptr; // null: none
    bool has_conversation = true;
    std::string answer; // to prompts
    // What is called, in order: a auth, c account, s setcred, o open, x close.
    std::string phases;
};

struct Outcome {
    std::vector<int> codes;
    std::string shown; // by the module, "I" or "E" before each text
    int status = 0;    // of the process
};

inline std::string shown_here;
inline std::string answer_here;

inline int converse(int count, const pam_message **messages, pam_response **responses, void *)
{
    auto *made = static_cast<pam_response *>(
        std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
    for (int i = 0; i < count; ++i) {
        const pam_message &message = *messages[i];
        const bool is_prompt = message.msg_style == PAM_PROMPT_ECHO_ON;
        shown_here += message.msg_style == PAM_ERROR_MSG ? "E" : is_prompt ? "P" : "I";
        shown_here += message.msg;
        shown_here += '\n';
        if (is_prompt)
            made[i].resp = strdup(answer_here.c_str());
    }
    *responses = made;
    return PAM_SUCCESS;
}

inline int call(pam_handle_t *handle, char phase)
{
    switch (phase) {
    case 'a':
        return pam_authenticate(handle, PAM_SILENT);
    case 'c':
        return pam_acct_mgmt(handle, PAM_SILENT);
    case 's':
        return pam_setcred(handle, PAM_REINITIALIZE_CRED);
    case 'o':
        return pam_open_session(handle, 0);
    case 'x':
        return pam_close_session(handle, 0);
    default:
        return -1;
    }
}

inline void write_all(int fd, const void *data, std::size_t size)
{
    (void)!write(fd, data, size);
}

[[noreturn]] inline void run_child(const Wish &wish, int report)
{
    (void)setsid();
    if (wish.terminal != nullptr) {
        const int slave = open(ptsname(wish.terminal->master.get()), O_RDWR);
        (void)ioctl(slave, TIOCSCTTY, 0);
        wish.terminal->master.reset();
        (void)signal(SIGHUP, SIG_IGN);
    }
    // As in sudo: the real uid is the person's, the effective one root.
    if (setresuid(wish.real_uid, static_cast<uid_t>(-1), static_cast<uid_t>(-1)) != 0)
        _exit(98);
    answer_here = wish.answer;
    const pam_conv conversation{wish.has_conversation ? converse : nullptr, nullptr};
    pam_handle_t *handle = nullptr;
    if (pam_start(wish.service.c_str(), wish.user.c_str(), &conversation, &handle) != PAM_SUCCESS)
        _exit(99);
    if (!wish.ruser.empty())
        (void)pam_set_item(handle, PAM_RUSER, wish.ruser.c_str());
    if (!wish.tty.empty())
        (void)pam_set_item(handle, PAM_TTY, wish.tty.c_str());
    for (const char phase : wish.phases) {
        const int code = call(handle, phase);
        write_all(report, &code, sizeof code);
    }
    (void)pam_end(handle, PAM_SUCCESS);
    write_all(report, shown_here.data(), shown_here.size());
    std::exit(0); // pam_wrapper takes its own folder away there
}

inline Outcome run(const Wish &wish)
{
    int ends[2] = {-1, -1};
    (void)!pipe(ends);
    const pid_t child = fork();
    if (child == 0)
        run_child(wish, ends[1]);
    (void)close(ends[1]);
    std::string all;
    char bytes[4096];
    for (ssize_t got = 0; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
        all.append(bytes, static_cast<std::size_t>(got));
    (void)close(ends[0]);
    Outcome outcome;
    (void)waitpid(child, &outcome.status, 0);
    std::size_t at = 0;
    for (; outcome.codes.size() < wish.phases.size() && at + sizeof(int) <= all.size();
         at += sizeof(int)) {
        int code = 0;
        std::memcpy(&code, all.data() + at, sizeof code);
        outcome.codes.push_back(code);
    }
    outcome.shown = all.substr(at);
    return outcome;
}

} // namespace jit::pam::test
