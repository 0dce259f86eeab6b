#include "tests/unit/cmocka_cpp.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "jitd/sole_sessions.h"

using namespace jit;
using namespace jit::daemon;

namespace {

// A process that waits to be ended.
pid_t start()
{
    const pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    return child;
}

void end(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, nullptr, 0);
}

void run_a_while(sd_event *loop)
{
    for (int i = 0; i < 5; ++i)
        (void)sd_event_run(loop, 10'000);
}

void a_session_that_is_killed_is_told_of_once(void **)
{
    const sys::Loop loop = *sys::make_loop();
    SoleSessions sessions{loop.get()};
    int over = 0;
    const pid_t child = start();
    assert_true(sessions.watch("a", child, [&] { ++over; }));
    run_a_while(loop.get());
    assert_int_equal(over, 0);
    end(child);
    run_a_while(loop.get());
    assert_int_equal(over, 1);
    // What is over already is said so.
    assert_false(sessions.watch("b", child, [&] { ++over; }));
    sessions.forget("a");
    run_a_while(loop.get());
    assert_int_equal(over, 1);
}

void what_is_forgotten_is_not_told_of(void **)
{
    const sys::Loop loop = *sys::make_loop();
    SoleSessions sessions{loop.get()};
    int over = 0;
    const pid_t child = start();
    assert_true(sessions.watch("a", child, [&] { ++over; }));
    sessions.forget("b");
    sessions.forget("a");
    end(child);
    run_a_while(loop.get());
    assert_int_equal(over, 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_session_that_is_killed_is_told_of_once),
        cmocka_unit_test(what_is_forgotten_is_not_told_of),
    };
    return cmocka_run_group_tests_name("jitd/sole_sessions", tests, nullptr, nullptr);
}
