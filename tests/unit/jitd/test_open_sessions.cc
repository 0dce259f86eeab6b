#include "tests/unit/cmocka_cpp.h"

#include <sys/wait.h>
#include <unistd.h>

#include "jitd/limits.h"
#include "jitd/open_sessions.h"

using namespace jit::daemon;

namespace {

// A process that lives until it is ended.
class Child
{
  public:
    Child() : pid_(fork())
    {
        if (pid_ == 0) {
            (void)pause();
            _exit(0);
        }
    }
    ~Child() { end(); }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    pid_t pid() const { return pid_; }
    void end()
    {
        if (pid_ <= 0)
            return;
        (void)kill(pid_, SIGKILL);
        (void)waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

  private:
    pid_t pid_;
};

void what_still_runs_is_said_once(void **)
{
    OpenSessions sessions;
    const Child child;
    sessions.opened("a", child.pid(), "sudo for root");
    sessions.opened("b", getpid(), "su for bob");
    const auto lines = sessions.take("a");
    assert_int_equal(lines.size(), 1);
    assert_text(lines[0], std::to_string(child.pid()) + " sudo for root");
    assert_true(sessions.take("a").empty());
    assert_int_equal(sessions.take("b").size(), 1);
}

void a_session_that_was_closed_or_whose_process_is_gone_is_not_said(void **)
{
    OpenSessions sessions;
    Child child;
    sessions.opened("a", child.pid(), "sudo for root");
    sessions.opened("a", getpid(), "sudo for root");
    sessions.closed("a", getpid());
    sessions.closed("b", child.pid());
    child.end();
    assert_true(sessions.take("a").empty());
}

void the_caps_hold(void **)
{
    OpenSessions sessions;
    for (std::size_t i = 0; i < 2 * limits::open_sessions; ++i)
        sessions.opened("of all " + std::to_string(i % 100), getpid(), "sudo for root");
    std::size_t all = 0;
    for (int i = 0; i < 100; ++i)
        all += sessions.take("of all " + std::to_string(i)).size();
    assert_int_equal(all, limits::open_sessions);
    for (std::size_t i = 0; i < 2 * limits::open_sessions_of_one_grant; ++i)
        sessions.opened("a", getpid(), "sudo for root");
    assert_int_equal(sessions.take("a").size(), limits::open_sessions_of_one_grant);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_still_runs_is_said_once),
        cmocka_unit_test(a_session_that_was_closed_or_whose_process_is_gone_is_not_said),
        cmocka_unit_test(the_caps_hold),
    };
    return cmocka_run_group_tests_name("jitd/open_sessions", tests, nullptr, nullptr);
}
