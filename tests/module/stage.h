// Where the module's tests play: a folder with the shipped module, service files and a socket, and
// the shortest ways to say who knocks, what jitd answers and which code must come.
#pragma once

#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <vector>

#include "tests/module/fake_jitd.h"
#include "tests/module/frames.h"
#include "tests/module/transaction.h"

namespace jit::pam::test {

inline constexpr uid_t nobody = 65534;

// In each stack pam_debug.so follows the module, with a code that stands only when the module said
// PAM_IGNORE, so that every code is seen exactly.
inline constexpr int ignored_auth = PAM_CRED_INSUFFICIENT;
inline constexpr int ignored_account = PAM_ACCT_EXPIRED;
inline constexpr int ignored_setcred = PAM_CRED_EXPIRED;
inline constexpr int ignored_session = PAM_SESSION_ERR;
inline constexpr int ignored_chauthtok = PAM_AUTHTOK_RECOVERY_ERR;

std::string module_path();
std::string socket_path();
void write_service_file(const std::string &name, const std::string &text);
void write_service(const std::string &name, const std::string &arguments);
void remove_socket();

// Whose phases from a service "door" with these arguments; nothing is there to answer.
Outcome knock(const std::string &phases, const std::string &arguments = "proven",
              Terminal *terminal = nullptr);
// The same with a jitd that plays the script.
Outcome play(const std::string &phases, std::vector<Answers> answers,
             const std::string &arguments = "proven", Terminal *terminal = nullptr);

struct Play {
    Outcome outcome;
    std::vector<std::string> calls;
    std::size_t left_count = 0; // connections that the module closed before jitd did
};
// Any wish, against a script.
Play play_wish(const Wish &wish, std::vector<Answers> answers);
// "door" with "proven" in a terminal of its own: a flow may start.
Play play_flow(const std::string &phases, std::vector<Answers> answers,
               const std::string &arguments = "proven");

// Also fails for a code that no phase of the module may ever return.
void assert_codes(const Outcome &outcome, std::vector<int> codes);
bool has(const std::string &text, const std::string &piece); // says so if not

// What /proc/self/cmdline will show, each word with a NUL.
void pretend_command_line(const std::string &words);

// Runs itself again under pam_wrapper, sets the stage and runs the group. preload: a library beside
// the program that comes before all others.
int run_stage(const char *name, char **argv, const CMUnitTest *tests, std::size_t count,
              const char *preload = "");

} // namespace jit::pam::test

#define JIT_RUN_STAGE(name, argv, tests, ...)                                                      \
    jit::pam::test::run_stage(name, argv, tests,                                                   \
                              sizeof(tests) / sizeof(tests)[0] __VA_OPT__(, ) __VA_ARGS__)
