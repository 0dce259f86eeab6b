// Ctrl-C, signals that end programs, and a terminal that is gone, while the module waits.
#include "tests/module/stage.h"

#include <sys/wait.h>

#include <csignal>
#include <filesystem>

using namespace jit::pam::test;
using std::chrono::milliseconds;
using Clock = FakeJitd::Clock;

namespace {

constexpr milliseconds promised{100};
constexpr milliseconds settled{100}; // the module is in its wait

struct Cut {
    Outcome outcome;
    std::vector<std::string> calls;
    Clock::duration took{}; // from the cut until the connection was closed
};

// A request in whose wait the cut is made; later phases find the second script.
Cut cut_request(const std::function<void(Terminal &)> &cut, const std::string &phases = "a",
                std::function<void()> before = {}, std::function<int()> after = {})
{
    write_service("door", "proven");
    Terminal terminal;
    Clock::time_point at{};
    FakeJitd jitd{
        socket_path(), {{want}, {pending, code, "!act", "!hang"}, {refused}, {refused}}, [&] {
            std::this_thread::sleep_for(settled);
            at = Clock::now();
            cut(terminal);
        }};
    Wish wish;
    wish.service = "door";
    wish.phases = phases;
    wish.terminal = &terminal;
    wish.before = std::move(before);
    wish.after = std::move(after);
    Cut made;
    made.outcome = run(wish);
    jitd.stop();
    made.calls = jitd.calls;
    assert_int_equal(jitd.left_count, 1);
    made.took = jitd.left - at;
    return made;
}

void type(Terminal &terminal, char key)
{
    (void)!write(terminal.master.get(), &key, 1);
}

void ctrl_c(Terminal &terminal)
{
    type(terminal, '\x03');
}

void send_to_the_program(int signal)
{
    (void)kill(current, signal);
}

// Where a machine has much else to do, one of several tries shows what the module needs.
void ctrl_c_cancels_within_100_ms_and_the_program_lives(void **)
{
    Clock::duration least = Clock::duration::max();
    for (int i = 0; i < 8 && least > promised; ++i) {
        // The account phase is served only when the request's connection is closed.
        const Cut made = cut_request(ctrl_c, "ac");
        assert_codes(made.outcome, {PAM_ABORT, PAM_PERM_DENIED});
        assert_true(has(made.outcome.shown, "Ijit: cancelled\n"));
        assert_true(made.took > Clock::duration{0});
        least = std::min(least, made.took);
    }
    assert_true(least <= promised);
}

void ctrl_c_is_heard_whatever_the_program_does_with_it(void **)
{
    const std::function<void()> ways[] = {
        [] { // sudo, in its auth phase
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGINT);
            sigaddset(&set, SIGQUIT);
            (void)sigprocmask(SIG_BLOCK, &set, nullptr);
        },
        [] { (void)signal(SIGINT, SIG_IGN); }, // login
        [] { (void)signal(SIGINT, [](int) { std::_Exit(95); }); },
    };
    for (const auto &way : ways)
        assert_codes(cut_request(ctrl_c, "a", way).outcome, {PAM_ABORT});
    assert_codes(cut_request([](Terminal &terminal) { type(terminal, '\x1c'); }).outcome,
                 {PAM_ABORT});
    assert_codes(cut_request([](Terminal &) { send_to_the_program(SIGINT); }).outcome, {PAM_ABORT});
}

void ctrl_c_stands_for_retries_and_is_used_up(void **)
{
    const Cut made = cut_request(ctrl_c, "aac");
    assert_codes(made.outcome, {PAM_ABORT, PAM_ABORT, PAM_PERM_DENIED});
    assert_int_equal(made.calls.size(), 3);
}

void ctrl_c_ends_the_wait_for_check_in_both_phases(void **)
{
    for (const char *phase : {"a", "c"}) {
        write_service("door", "proven fast=1m");
        FakeJitd jitd{socket_path(), {{"!act", "!hang"}}, [] {
                          std::this_thread::sleep_for(settled);
                          send_to_the_program(SIGINT);
                      }};
        Wish wish;
        wish.service = "door";
        wish.phases = phase;
        const auto start = Clock::now();
        assert_codes(run(wish), {PAM_ABORT});
        assert_true(Clock::now() - start < std::chrono::seconds{10});
    }
}

void a_no_of_the_person_comes_before_a_yes_of_jitd(void **)
{
    write_service("door", "proven");
    for (const char *phase : {"a", "c"}) {
        Wish wish;
        wish.service = "door";
        wish.phases = phase;
        wish.before = [] {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGINT);
            (void)sigprocmask(SIG_BLOCK, &set, nullptr);
            (void)raise(SIGINT);
        };
        assert_codes(play_wish(wish, {{live}}).outcome, {PAM_ABORT});
    }
}

volatile std::sig_atomic_t heard = 0;

void signals_that_end_programs_cancel_and_reach_the_program(void **)
{
    for (const int signal : {SIGTERM, SIGHUP}) {
        const auto send = [signal](Terminal &) { send_to_the_program(signal); };
        const Cut handled = cut_request(
            send, "a", [signal] { (void)std::signal(signal, [](int number) { heard = number; }); },
            [signal] { return heard == signal ? 0 : 95; });
        assert_codes(handled.outcome, {PAM_ABORT});
        const Cut fatal = cut_request(send, "a", [signal] { (void)std::signal(signal, SIG_DFL); });
        assert_true(WIFSIGNALED(fatal.outcome.status));
        assert_int_equal(WTERMSIG(fatal.outcome.status), signal);
        assert_int_equal(fatal.outcome.codes.size(), 0);
    }
}

void a_lost_terminal_cancels(void **)
{
    // The program lives on: SIGHUP is ignored in it.
    const Cut made = cut_request([](Terminal &terminal) { terminal.master.reset(); }, "ac");
    assert_codes(made.outcome, {PAM_ABORT, PAM_PERM_DENIED});
}

long count_descriptors()
{
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

sigset_t mask_now()
{
    sigset_t mask;
    (void)sigprocmask(SIG_BLOCK, nullptr, &mask);
    return mask;
}

void the_program_gets_back_its_signals_and_descriptors(void **)
{
    const std::vector<Answers> table[] = {
        {{live}},
        {{refused}},
        {{"x" + nul}},
        {},
        {{choice}},
        {{want}, {pending, code, granted}},
        {{want}, {pending, code, declined}},
    };
    write_service("door", "proven");
    for (const auto &answers : table) {
        Terminal terminal;
        Wish wish;
        wish.service = "door";
        wish.phases = "acsox";
        wish.terminal = &terminal;
        wish.answer = "x";
        static long descriptors = 0;
        static sigset_t mask;
        wish.before = [] {
            (void)std::signal(SIGINT, [](int) {});
            descriptors = count_descriptors();
            mask = mask_now();
        };
        wish.after = [] {
            const sigset_t now = mask_now();
            bool is_same = descriptors == count_descriptors();
            for (int signal = 1; signal < NSIG; ++signal)
                is_same = is_same && sigismember(&mask, signal) == sigismember(&now, signal);
            return is_same && std::signal(SIGINT, SIG_DFL) != SIG_DFL ? 0 : 95;
        };
        assert_int_equal(play_wish(wish, answers).outcome.status, 0);
    }
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ctrl_c_cancels_within_100_ms_and_the_program_lives),
        cmocka_unit_test(ctrl_c_is_heard_whatever_the_program_does_with_it),
        cmocka_unit_test(ctrl_c_stands_for_retries_and_is_used_up),
        cmocka_unit_test(ctrl_c_ends_the_wait_for_check_in_both_phases),
        cmocka_unit_test(a_no_of_the_person_comes_before_a_yes_of_jitd),
        cmocka_unit_test(signals_that_end_programs_cancel_and_reach_the_program),
        cmocka_unit_test(a_lost_terminal_cancels),
        cmocka_unit_test(the_program_gets_back_its_signals_and_descriptors),
    };
    return JIT_RUN_STAGE("module/signals", argv, tests);
}
