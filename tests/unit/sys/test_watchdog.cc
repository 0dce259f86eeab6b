// What systemd is told of a daemon's life, and that it comes before what woke the daemon.
#include "tests/unit/cmocka_cpp.h"

#include <array>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "lib/base/fd.h"
#include "lib/sys/watchdog.h"

using namespace jit;
using namespace jit::sys;
using namespace std::chrono_literals;
using Tell = WatchdogPlan::Tell;

namespace {

// A turn of the loop, heard by systemd.
Tell turn(WatchdogPlan &plan)
{
    const Tell what = plan.begin_turn();
    plan.told(what);
    return what;
}

// The timer's turn.
Tell half_period(WatchdogPlan &plan)
{
    assert_true(turn(plan) == Tell::nothing);
    const Tell what = plan.end_half_period();
    plan.told(what);
    return what;
}

void a_busy_daemon_gives_a_sign_each_half_period(void **)
{
    WatchdogPlan plan;
    for (int i = 0; i < 5; ++i) {
        assert_true(turn(plan) == Tell::nothing);
        assert_true(half_period(plan) == Tell::alive);
        assert_false(plan.is_at_rest());
    }
}

void half_a_period_without_a_turn_but_its_own_is_rest(void **)
{
    WatchdogPlan plan;
    (void)turn(plan);
    assert_true(half_period(plan) == Tell::alive);
    assert_true(half_period(plan) == Tell::expect_nothing);
    assert_true(plan.is_at_rest());
}

void the_first_turn_after_rest_is_watched(void **)
{
    WatchdogPlan plan;
    (void)half_period(plan);
    assert_true(plan.is_at_rest());
    assert_true(turn(plan) == Tell::expect_again);
    assert_false(plan.is_at_rest());
    assert_true(turn(plan) == Tell::nothing);
    assert_true(half_period(plan) == Tell::alive);
    assert_true(half_period(plan) == Tell::expect_nothing);
}

void what_systemd_has_not_heard_is_told_again(void **)
{
    WatchdogPlan plan;
    (void)plan.begin_turn();
    assert_true(plan.end_half_period() == Tell::expect_nothing);
    assert_false(plan.is_at_rest());
    assert_true(half_period(plan) == Tell::expect_nothing);
    assert_true(plan.begin_turn() == Tell::expect_again);
    assert_true(plan.is_at_rest());
    assert_true(plan.begin_turn() == Tell::expect_again);
}

// systemd's end of the notifications.
class Notified
{
  public:
    Notified()
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string name = "jit-test-" + std::to_string(getpid());
        name.copy(address.sun_path + 1, name.size());
        socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        assert_int_equal(bind(socket_.get(), reinterpret_cast<sockaddr *>(&address), size), 0);
        setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    }
    ~Notified() { unsetenv("NOTIFY_SOCKET"); }
    Notified(const Notified &) = delete;
    Notified &operator=(const Notified &) = delete;

    std::vector<std::string> take() const
    {
        std::vector<std::string> all;
        std::array<char, 256> text;
        for (ssize_t size = 0; (size = recv(socket_.get(), text.data(), text.size(), 0)) > 0;)
            all.emplace_back(text.data(), static_cast<std::size_t>(size));
        return all;
    }

  private:
    Fd socket_;
};

void expect_watchdog(const char *usec)
{
    setenv("WATCHDOG_USEC", usec, 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
}

void a_daemon_at_rest_is_not_woken_and_one_woken_is_watched_first(void **)
{
    const Notified notified;
    expect_watchdog("100000");
    const Loop loop = *make_loop();
    const auto watchdog = *Watchdog::make(loop.get());
    std::vector<std::string> at_work;
    int turns = 0;
    const auto work = *Timer::make(loop.get(), [&] {
        at_work = notified.take();
        (void)sd_event_exit(loop.get(), 0);
    });
    work->set(boot_time() + 400ms);
    assert_true(run_loop(loop.get(), [&] {
                    ++turns;
                    watchdog->begin_turn();
                }).has_value());
    const std::vector<std::string> told{"WATCHDOG_USEC=0", "WATCHDOG_USEC=100000"};
    assert_true(at_work == told);
    assert_true(turns <= 3); // the half period, the work, the exit
}

void where_systemd_expects_no_sign_none_is_given(void **)
{
    const Notified notified;
    unsetenv("WATCHDOG_USEC");
    const Loop loop = *make_loop();
    const auto watchdog = *Watchdog::make(loop.get());
    const auto work = *Timer::make(loop.get(), [&] { (void)sd_event_exit(loop.get(), 0); });
    work->set(boot_time() + 50ms);
    assert_true(run_loop(loop.get(), [&] { watchdog->begin_turn(); }).has_value());
    assert_true(notified.take().empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_daemon_gives_a_sign_each_half_period),
        cmocka_unit_test(half_a_period_without_a_turn_but_its_own_is_rest),
        cmocka_unit_test(the_first_turn_after_rest_is_watched),
        cmocka_unit_test(what_systemd_has_not_heard_is_told_again),
        cmocka_unit_test(a_daemon_at_rest_is_not_woken_and_one_woken_is_watched_first),
        cmocka_unit_test(where_systemd_expects_no_sign_none_is_given),
    };
    return cmocka_run_group_tests_name("sys/watchdog", tests, nullptr, nullptr);
}
