// Timers, watches and deferred calls; random names; the membership's file.
#include "tests/unit/cmocka_cpp.h"

#include <set>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/base/text.h"
#include "lib/sys/connection.h"
#include "lib/sys/event.h"
#include "lib/sys/memberships.h"
#include "lib/sys/random.h"
#include "lib/sys/users.h"

using namespace jit;
using namespace jit::sys;
using namespace std::chrono_literals;

namespace {

void run(sd_event *loop, std::chrono::milliseconds length)
{
    const BootTime until = boot_time() + length;
    // On a busy machine the time may pass before the first turn.
    for (int turn = 0; turn < 10 || boot_time() < until; ++turn)
        (void)sd_event_run(loop, 2000);
}

void a_timer_fires_once_and_not_before_its_time(void **)
{
    const Loop loop = *make_loop();
    int fired = 0;
    BootTime at{};
    const auto timer = *Timer::make(loop.get(), [&] {
        ++fired;
        at = boot_time();
    });
    run(loop.get(), 20ms);
    assert_int_equal(fired, 0);
    const BootTime due = boot_time() + 40ms;
    timer->set(boot_time() + 1h);
    timer->set(due);
    assert_true(timer->is_set());
    run(loop.get(), 150ms);
    assert_int_equal(fired, 1);
    assert_true(at >= due);
    assert_false(timer->is_set());
    timer->set(BootTime{});
    run(loop.get(), 20ms);
    assert_int_equal(fired, 2);
    timer->set(boot_time() + 20ms);
    timer->stop();
    run(loop.get(), 60ms);
    assert_int_equal(fired, 2);
}

void a_timer_may_set_itself_again(void **)
{
    const Loop loop = *make_loop();
    int fired = 0;
    std::unique_ptr<Timer> timer;
    timer = *Timer::make(loop.get(), [&] {
        if (++fired < 3)
            timer->set(boot_time() + 5ms);
    });
    timer->set(boot_time());
    run(loop.get(), 150ms);
    assert_int_equal(fired, 3);
}

void a_deferred_call_runs_once_and_never_at_once(void **)
{
    const Loop loop = *make_loop();
    int runs = 0;
    const auto later = *Later::make(loop.get(), [&] { ++runs; });
    run(loop.get(), 10ms);
    later->schedule();
    later->schedule();
    assert_int_equal(runs, 0);
    run(loop.get(), 20ms);
    assert_int_equal(runs, 1);
    later->schedule();
    run(loop.get(), 20ms);
    assert_int_equal(runs, 2);
}

void what_is_gone_fires_no_more(void **)
{
    const Loop loop = *make_loop();
    int fired = 0;
    {
        const auto timer = *Timer::make(loop.get(), [&] { ++fired; });
        timer->set(BootTime{});
        const auto later = *Later::make(loop.get(), [&] { ++fired; });
        later->schedule();
    }
    run(loop.get(), 20ms);
    assert_int_equal(fired, 0);
}

void a_connection_may_be_closed_inside_its_own_callback(void **)
{
    const Loop loop = *make_loop();
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    const Fd other{ends[1]};
    int frames = 0;
    int closed = 0;
    std::unique_ptr<Connection> connection;
    connection = *Connection::make(loop.get(), Fd{ends[0]},
                                   {[&](const std::string &) {
                                        ++frames;
                                        connection->close();
                                    },
                                    [&](Error) { ++closed; }},
                                   {1s});
    assert_int_equal(write(other.get(), "a\0b\0", 4), 4);
    run(loop.get(), 30ms);
    assert_int_equal(frames, 1);
    assert_int_equal(closed, 0);
    assert_false(connection->is_open());
    connection->send("x");
    connection->finish();
    connection->set_reading(true);
    run(loop.get(), 10ms);
}

void random_names_have_their_form_and_differ(void **)
{
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = *make_id();
        const std::string guid = *make_guid();
        assert_true(is_id(id));
        assert_true(is_guid(guid));
        assert_int_equal(guid[14], '4');
        assert_true(std::string_view{"89ab"}.find(guid[19]) != std::string_view::npos);
        assert_true(seen.insert(id).second && seen.insert(guid).second);
    }
}

void a_membership_is_asked_for_by_names_only(void **)
{
    assert_text(membership_file_name("alice", "jit-web"), "alice:jit-web.membership");
    for (const char *bad : {"", ".", "..", "../x", "a/b", "a:b", "a\n"}) {
        assert_false(has_membership(bad, "jit-web"));
        assert_false(has_membership("alice", bad));
    }
    assert_false(has_membership("jit-nobody-such", "jit-none-such"));
}

void users_are_found_by_name_and_uid(void **)
{
    assert_text(*read_user_name(0), "root");
    assert_int_equal(*read_user_id("root"), 0);
    assert_true(read_user_id("jit-nobody-such").error().code == Code::not_found);
    assert_true(read_user_name(3'999'999'999U).error().code == Code::not_found);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_once_and_not_before_its_time),
        cmocka_unit_test(a_timer_may_set_itself_again),
        cmocka_unit_test(a_deferred_call_runs_once_and_never_at_once),
        cmocka_unit_test(what_is_gone_fires_no_more),
        cmocka_unit_test(a_connection_may_be_closed_inside_its_own_callback),
        cmocka_unit_test(random_names_have_their_form_and_differ),
        cmocka_unit_test(a_membership_is_asked_for_by_names_only),
        cmocka_unit_test(users_are_found_by_name_and_uid),
    };
    return cmocka_run_group_tests_name("sys/event", tests, nullptr, nullptr);
}
