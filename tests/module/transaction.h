// One PAM transaction with the shipped module, in a process of its own with a terminal of its own.
#pragma once

#include <security/pam_appl.h>
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/fd.h"

namespace jit::pam::test {

struct Terminal {
    Fd master;
    Terminal();
};

// How the program's conversation behaves.
enum class Talk {
    good,
    absent, // there is no function
    fails,
    spoils,   // fails, and leaves a pointer behind that is nobody's
    no_reply, // success, without a reply
    no_text,  // success, a reply without a text
    deaf,     // shows, but fails at each prompt
};

struct Wish {
    std::string service;
    std::string user = "nobody"; // empty: none
    std::string ruser;
    std::string tty;
    std::vector<std::string> environment; // of the handle, "NAME=VALUE"
    uid_t real_uid = 0;
    Terminal *terminal = nullptr; // null: none
    Talk talk = Talk::good;
    std::string answer; // to prompts
    int flags = PAM_SILENT;
    // What is done, in order: a authenticate, c account, s e r d setcred to reinitialise,
    // establish, refresh, delete, o open, x close, p chauthtok; without a code: w waits 1.2 s, f
    // goes on in a child, u makes the user root.
    std::string phases;
    std::function<void()> before;    // in the process, when the handle is made
    std::function<void()> on_prompt; // there, while a prompt waits for its answer
    std::function<int()> after;      // before it is given back; its exit status
};

struct Outcome {
    std::vector<int> codes;
    std::string shown; // by the module, "I", "E" or "P" before each text
    int status = 0;    // of the process
};

// A transaction under way, and its end. The wish lives until then.
struct Running {
    pid_t pid = -1;
    Fd report;
};
Running start(const Wish &wish);
Outcome finish(Running running, const Wish &wish);

Outcome run(const Wish &wish);

// The process of the transaction that run() waits for.
extern std::atomic<pid_t> current;

} // namespace jit::pam::test
