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

Holder hold_elsewhere(const std::string &run, const char *name = ledger_lock)
{
    int ready[2];
    int stop[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        close(stop[1]);
        const auto lock = take_lock(run, 1s, name);
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

// Somebody's disk is slow: he holds the ledger's lock while he writes.
void what_is_due_is_taken_away_while_another_process_writes_the_ledger(void **)
{
    World world;
    world.rules.set.config.users["bob"] = alice_oid;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    auto bobs = World::call('2', "dba", 600);
    bobs.user = "bob";
    assert_true(world.grants().grant(bobs).has_value());
    world.pass(60s);
    Holder holder = hold_elsewhere(world.places.run);
    assert_false(world.grants(50ms).expire(World::id('1')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_true(world.has_file(world.places.userdb + "/bob:jit-dba.membership"));
    assert_true(world.records.events.size() == 2); // nothing is said before the ledger has it
    holder.let_go.reset();
    assert_int_equal(waitpid(holder.pid, nullptr, 0), holder.pid);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_text(world.records.events.back(), "expired 0000000000000001");
}

void so_is_it_by_reconcile(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    world.pass(60s);
    const Holder holder = hold_elsewhere(world.places.run);
    assert_false(world.grants(50ms).reconcile().has_value());
    assert_false(world.is_member("jit-dba"));
    assert_int_equal(kill(holder.pid, SIGKILL), 0);
    assert_int_equal(waitpid(holder.pid, nullptr, 0), holder.pid);
}

// A thousand of them would only wait, and the host with them.
void a_late_shot_leaves_at_once_where_somebody_is_at_it(void **)
{
    World world;
    for (const char last : std::string{"012345678"})
        assert_true(world.grants().grant(World::call(last, "dba", 60)).has_value());
    world.pass(70s);
    const Holder holder = hold_elsewhere(world.places.run);
    // The membership is there: it is taken away, and the ledger waited for.
    assert_false(world.grants(50ms).expire(World::id('8')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_true(world.grants(50ms).expire(World::id('8')).has_value());
    // One of the exact ones waits.
    assert_false(world.grants(50ms).expire(World::id('0')).has_value());
    assert_int_equal(kill(holder.pid, SIGKILL), 0);
    assert_int_equal(waitpid(holder.pid, nullptr, 0), holder.pid);
    // Who was at it is dead: then the late one does it all.
    assert_true(world.grants(50ms).expire(World::id('8')).has_value());
    const auto list = world.grants().list();
    assert_int_equal(list->entries.size(), 9);
    for (const ipc::GrantEntry &entry : list->entries)
        assert_text(entry.cause.value_or(""), "expired");
    assert_true(world.timers.ids.empty());
}

void nothing_is_granted_while_another_process_takes_memberships_away(void **)
{
    World world;
    const Holder holder = hold_elsewhere(world.places.run, membership_lock);
    assert_false(world.grants(50ms).grant(World::call('1')).has_value());
    assert_int_equal(kill(holder.pid, SIGKILL), 0);
    assert_int_equal(waitpid(holder.pid, nullptr, 0), holder.pid);
    assert_true(world.grants(50ms).grant(World::call('1')).has_value());
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
        cmocka_unit_test(what_is_due_is_taken_away_while_another_process_writes_the_ledger),
        cmocka_unit_test(so_is_it_by_reconcile),
        cmocka_unit_test(a_late_shot_leaves_at_once_where_somebody_is_at_it),
        cmocka_unit_test(nothing_is_granted_while_another_process_takes_memberships_away),
        cmocka_unit_test(two_processes_that_grant_one_id_grant_it_once),
    };
    return cmocka_run_group_tests_name("jit_grantd/lock", tests, nullptr, nullptr);
}
