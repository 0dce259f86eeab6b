#include "tests/unit/cmocka_cpp.h"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit_grantd/lock.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

// A process that holds the lock until the pipe is closed.
struct Holder {
    pid_t pid;
    Fd let_go;
};

Holder hold_elsewhere(const std::string &run)
{
    int ready[2];
    int stop[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        close(stop[1]);
        const auto lock = take_lock(run, 1s);
        char byte = lock ? 'y' : 'n';
        (void)!write(ready[1], &byte, 1);
        (void)!read(stop[0], &byte, 1);
        _exit(0);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    close(ready[1]);
    close(stop[0]);
    return {pid, Fd{stop[1]}};
}

void another_process_waits_and_then_gives_up(void **)
{
    World world;
    Holder holder = hold_elsewhere(world.places.run);
    const auto refused = take_lock(world.places.run, 50ms);
    assert_false(refused.has_value());
    assert_int_equal(static_cast<int>(refused.error().code), static_cast<int>(Code::timed_out));
    const auto answer = world.grants(50ms).grant(World::call('1'));
    assert_false(answer.has_value());
    assert_int_equal(static_cast<int>(answer.refusal().kind),
                     static_cast<int>(Refusal::Kind::unavailable));
    assert_false(world.grants(50ms).expire(World::id('1')).has_value());
    holder.let_go.reset();
    assert_int_equal(waitpid(holder.pid, nullptr, 0), holder.pid);
    assert_true(world.grants(50ms).grant(World::call('1')).has_value());
}

void a_killed_process_holds_no_lock(void **)
{
    World world;
    const Holder holder = hold_elsewhere(world.places.run);
    assert_int_equal(kill(holder.pid, SIGKILL), 0);
    assert_int_equal(waitpid(holder.pid, nullptr, 0), holder.pid);
    assert_true(take_lock(world.places.run, 0ms).has_value());
}

void the_lock_is_for_root_alone(void **)
{
    World world;
    assert_true(take_lock(world.places.run, 0ms).has_value());
    struct stat about {
    };
    assert_int_equal(stat((world.places.run + "/lock").c_str(), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

// What one process grants, the next one that takes the lock knows of.
void two_processes_that_grant_one_id_grant_it_once(void **)
{
    World world;
    assert_true(world.grants().reconcile().has_value());
    pid_t children[4];
    for (pid_t &child : children) {
        child = fork();
        if (child == 0)
            _exit(world.grants(5s).grant(World::call('1')).has_value() ? 1 : 0);
    }
    int granted = 0;
    for (const pid_t child : children) {
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        granted += WEXITSTATUS(status);
    }
    assert_int_equal(granted, 1);
    assert_true(world.is_member("jit-dba"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(another_process_waits_and_then_gives_up),
        cmocka_unit_test(a_killed_process_holds_no_lock),
        cmocka_unit_test(the_lock_is_for_root_alone),
        cmocka_unit_test(two_processes_that_grant_one_id_grant_it_once),
    };
    return cmocka_run_group_tests_name("jit_grantd/lock", tests, nullptr, nullptr);
}
