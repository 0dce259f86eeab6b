// A request that waits for others, in a program: what is shown, Ctrl-C and its question, a jitd
// that is started anew.
#include "tests/module/stage.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

using namespace jit::pam::test;
using std::chrono::milliseconds;
using Clock = FakeJitd::Clock;

namespace {

constexpr milliseconds settled{100}; // the module is in its wait

const std::string awaits = approval("an approver must say yes: jitctl approve 0123456789abcdef");
const std::string left = frame("");
const std::string question = "Pjit: keep the request waiting, and come back to it later? [y/N] \n";

// At a terminal of its own, where the hook has Ctrl-C typed.
Play stop_waiting(const std::string &answer, std::vector<Answers> answers,
                  const std::function<void(Terminal &)> &cut, Talk talk = Talk::good,
                  std::function<void()> before = {}, std::function<void()> on_prompt = {})
{
    write_service("door", "proven");
    Terminal terminal;
    FakeJitd jitd{socket_path(), std::move(answers), [&] {
                      std::this_thread::sleep_for(settled);
                      cut(terminal);
                  }};
    Wish wish;
    wish.service = "door";
    wish.phases = "aa"; // what it said stands for a retry
    wish.terminal = &terminal;
    wish.answer = answer;
    wish.talk = talk;
    wish.before = std::move(before);
    wish.on_prompt = std::move(on_prompt);
    Play played;
    played.outcome = run(wish);
    jitd.stop();
    played.calls = jitd.calls;
    played.left_count = jitd.left_count;
    return played;
}

void ctrl_c(Terminal &terminal)
{
    (void)!write(terminal.master.get(), "\x03", 1);
}

void an_approval_is_shown_and_waited_for(void **)
{
    const Play played = play_flow(
        "a",
        {{want}, {pending, code, awaits, "!wait 50", approval(R"(1 of 2\u001b[2J)"), granted}});
    assert_codes(played.outcome, {PAM_SUCCESS});
    assert_true(has(played.outcome.shown,
                    "Ijit: an approver must say yes: jitctl approve 0123456789abcdef\n"
                    "jit: 1h left for the approval (Enter: look now, Ctrl-C: stop waiting)\n"
                    "Ijit: 1 of 2?[2J\n"
                    "Ijit: granted: role web until"));
    const std::string no = frame(R"("state":"denied",)" + id + R"(,"message":"carol denied it")");
    const Play denied = play_flow("a", {{want}, {pending, awaits, no}});
    assert_codes(denied.outcome, {PAM_AUTH_ERR});
    assert_true(has(denied.outcome.shown, "Ejit: carol denied it\n"));
}

void a_yes_after_ctrl_c_leaves_the_request_and_all_else_cancels(void **)
{
    for (const char *answer : {"y", "yes", "n", "", "yes please"}) {
        const bool is_yes = std::string{answer} == "y" || std::string{answer} == "yes";
        Answers waits{pending, code, awaits, "!act"};
        if (is_yes)
            waits.push_back("!beside");
        waits.push_back("!hang");
        const Play played = stop_waiting(answer, {{want}, waits, {left}}, ctrl_c);
        assert_codes(played.outcome, {PAM_ABORT, PAM_ABORT});
        assert_true(has(played.outcome.shown, question));
        assert_int_equal(played.left_count, 1);
        assert_int_equal(played.calls.size(), is_yes ? 3 : 2);
        if (!is_yes) {
            assert_true(has(played.outcome.shown, question + "Ijit: cancelled\n"));
            continue;
        }
        // While the connection stands: its end would cancel before.
        assert_text(played.calls.at(2), R"({"method":"io.jitd.Elevation.Leave","parameters":)"
                                        R"({"id":"0123456789abcdef"}})" +
                                            nul);
        assert_true(has(played.outcome.shown,
                        question + "Ijit: the request waits on; to come back to it run the same "
                                   "again here\njit: (jitctl status 0123456789abcdef)\n"));
    }
}

void a_yes_while_jitd_is_started_anew_is_answered_by_its_successor(void **)
{
    // Who reads the question takes longer than jitd does to go.
    const auto read = [] { std::this_thread::sleep_for(3 * settled); };
    const Play played =
        stop_waiting("y", {{want}, {pending, code, awaits, "!act"}, {"!wait 2500", left}}, ctrl_c,
                     Talk::good, {}, read);
    assert_codes(played.outcome, {PAM_ABORT, PAM_ABORT});
    assert_true(has(played.calls.at(2), "io.jitd.Elevation.Leave"));
    assert_true(has(played.outcome.shown, question + "Ijit: the request waits on;"));
}

void a_question_that_cannot_be_asked_or_is_interrupted_cancels(void **)
{
    const std::vector<Answers> script{{want}, {pending, code, awaits, "!act", "!hang"}};
    const Play deaf = stop_waiting("y", script, ctrl_c, Talk::deaf);
    assert_codes(deaf.outcome, {PAM_ABORT, PAM_ABORT});
    assert_true(has(deaf.outcome.shown, question + "Ijit: cancelled\n"));
    const Play none = stop_waiting("y", script, ctrl_c, Talk::no_text);
    assert_codes(none.outcome, {PAM_ABORT, PAM_ABORT});
    // The terminal is gone.
    const Play gone =
        stop_waiting("y", script, [](Terminal &terminal) { terminal.master.reset(); });
    assert_codes(gone.outcome, {PAM_ABORT, PAM_ABORT});
    for (const Play &played : {deaf, none, gone}) {
        assert_int_equal(played.calls.size(), 2);
        assert_int_equal(played.left_count, 1);
    }
    assert_true(gone.outcome.shown.find("[y/N]") == std::string::npos);
}

void ctrl_c_reaches_the_program_at_the_question(void **)
{
    // As sudo: both are blocked in its auth phase, and its conversation hears them.
    const auto before = [] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGQUIT);
        (void)sigprocmask(SIG_BLOCK, &set, nullptr);
    };
    const auto at_question = [] {
        sigset_t now;
        (void)sigprocmask(SIG_BLOCK, nullptr, &now);
        if (sigismember(&now, SIGINT) != 0 || sigismember(&now, SIGQUIT) != 0)
            std::_Exit(95);
    };
    const Play played = stop_waiting("n", {{want}, {pending, code, awaits, "!act", "!hang"}},
                                     ctrl_c, Talk::good, before, at_question);
    assert_codes(played.outcome, {PAM_ABORT, PAM_ABORT});
}

void a_signal_that_ends_the_program_asks_nothing(void **)
{
    for (const int signal : {SIGTERM, SIGHUP}) {
        const Play played = stop_waiting(
            "y", {{want}, {pending, code, awaits, "!act", "!hang"}},
            [signal](Terminal &) { (void)kill(current, signal); }, Talk::good,
            [signal] { (void)std::signal(signal, [](int) {}); });
        assert_codes(played.outcome, {PAM_ABORT, PAM_ABORT});
        assert_true(played.outcome.shown.find("[y/N]") == std::string::npos);
        assert_int_equal(played.calls.size(), 2);
    }
}

void in_the_background_nothing_is_asked(void **)
{
    const Play played = stop_waiting(
        "y", {{want}, {pending, code, awaits, "!act", "!hang"}},
        [](Terminal &) { (void)kill(current, SIGINT); }, Talk::good,
        // Another group of the session has the terminal.
        [] {
            const pid_t other = fork();
            if (other == 0) {
                (void)close_range(3, ~0U, 0); // what is read until its last holder ends
                (void)setpgid(0, 0);
                (void)alarm(30);
                for (;;)
                    (void)::pause();
            }
            (void)setpgid(other, other);
            const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
            (void)tcsetpgrp(terminal, other);
            (void)close(terminal);
        });
    assert_codes(played.outcome, {PAM_ABORT, PAM_ABORT});
    assert_true(played.outcome.shown.find("[y/N]") == std::string::npos);
}

void a_grant_that_came_while_the_question_stood_is_one(void **)
{
    // It is there when the question is answered: the hook types Ctrl-C, and the grant follows.
    const auto at_question = [] { (void)usleep(300'000); };
    const Play played =
        stop_waiting("y", {{want}, {pending, code, awaits, "!act", "!wait 100", granted, "!hang"}},
                     ctrl_c, Talk::good, {}, at_question);
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS});
    assert_true(has(played.outcome.shown, question + "Ijit: granted: role web until"));
    assert_int_equal(played.calls.size(), 2);
}

void a_request_is_followed_over_a_restart_of_jitd(void **)
{
    const std::string goes_on = approval("jitd is being started anew", "");
    for (const Answers &end : {Answers{pending, code, awaits, goes_on, "!hang"},
                               Answers{pending, code, awaits, goes_on}, Answers{pending, awaits}}) {
        const Play played = play_flow("a", {{want},
                                            end,
                                            {}, // one that is leaving
                                            {error_frame("io.jitd.Elevation.Unavailable", "")},
                                            {want},
                                            {pending, approval("1 of 2"), granted}});
        assert_codes(played.outcome, {PAM_SUCCESS});
        assert_true(has(played.outcome.shown, "Ijit: 1 of 2\nIjit: granted"));
        assert_int_equal(played.calls.size(), 6);
        assert_text(played.calls[5], played.calls[1]); // it joins by being the same
    }
}

void a_jitd_that_stays_away_is_given_up(void **)
{
    write_service("door", "proven timeout=2s");
    Terminal terminal;
    Wish wish;
    wish.service = "door";
    wish.phases = "a";
    wish.terminal = &terminal;
    const auto began = Clock::now();
    FakeJitd jitd{socket_path(), {{want}, {pending, awaits, "!act"}}, [] { remove_socket(); }};
    const Outcome outcome = run(wish);
    assert_codes(outcome, {PAM_AUTH_ERR});
    assert_true(
        has(outcome.shown,
            "Ejit: jitd went away, and the request may go on; run it again to follow it\n"));
    assert_true(Clock::now() - began < std::chrono::seconds{10});
}

void our_own_time_s_end_leaves_the_request(void **)
{
    const Play played = play_flow("a", {{want}, {pending, awaits, "!beside", "!hang"}, {left}},
                                  "proven timeout=1s");
    assert_codes(played.outcome, {PAM_AUTH_ERR});
    assert_true(has(played.calls.at(2), "io.jitd.Elevation.Leave"));
    assert_true(has(played.outcome.shown,
                    "Ejit: not approved yet, and this wait is over; the request waits on:\n"));
    // A jitd that keeps it not, or says nothing.
    for (const std::string &answer :
         {error_frame("io.jitd.Elevation.Refused", R"("message":"no")"), std::string{"x"} + nul}) {
        const Play refused = play_flow(
            "a", {{want}, {pending, awaits, "!beside", "!hang"}, {answer}}, "proven timeout=1s");
        assert_codes(refused.outcome, {PAM_AUTH_ERR});
        assert_true(
            has(refused.outcome.shown, "Ejit: jitd does not say that the request waits on"));
    }
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_approval_is_shown_and_waited_for),
        cmocka_unit_test(a_yes_after_ctrl_c_leaves_the_request_and_all_else_cancels),
        cmocka_unit_test(a_yes_while_jitd_is_started_anew_is_answered_by_its_successor),
        cmocka_unit_test(a_question_that_cannot_be_asked_or_is_interrupted_cancels),
        cmocka_unit_test(ctrl_c_reaches_the_program_at_the_question),
        cmocka_unit_test(a_signal_that_ends_the_program_asks_nothing),
        cmocka_unit_test(in_the_background_nothing_is_asked),
        cmocka_unit_test(a_grant_that_came_while_the_question_stood_is_one),
        cmocka_unit_test(a_request_is_followed_over_a_restart_of_jitd),
        cmocka_unit_test(a_jitd_that_stays_away_is_given_up),
        cmocka_unit_test(our_own_time_s_end_leaves_the_request),
    };
    return JIT_RUN_STAGE("module/approval", argv, tests);
}
