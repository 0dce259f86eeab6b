// With memberships in the user database; in the group file: test_crashes_group_file. Failing steps:
// test_faults.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/crash_scenarios.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;

namespace {

// The record came after the ledger's last word: a kill in between lost it for ever.
void regress_an_end_is_recorded_though_the_process_died_before_it_could(void **)
{
    World world;
    must_grant(world, '1');
    world.script.clear();
    world.script.kill_at = 3; // removal, the ledger's two, and now the record
    try {
        (void)world.grants().end({World::id('1'), "dropped"});
        fail_because("it was not killed");
    } catch (const Killed &) {
    }
    assert_false(has_end_record(world, World::id('1')));
    world.script.clear();
    assert_false(world.is_member("jit-dba"));
    // Whoever comes next says it: the timer, the caller's second try, the next reconcile.
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_text(world.records.events.back(), "dropped 0000000000000001");
    const std::size_t said = world.records.events.size();
    assert_false(world.grants().end({World::id('1'), "dropped"})->ended);
    assert_true(world.grants().reconcile().has_value());
    assert_int_equal(world.records.events.size(), said); // once
}

void regress_a_grant_is_recorded_before_it_is_live(void **)
{
    World world;
    world.script.kill_at = 8; // ledger "live"
    try {
        (void)world.grants().grant(World::call('1'));
        fail_because("it was not killed");
    } catch (const Killed &) {
    }
    assert_true(has_record(world, "granted", World::id('1')));
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_text(world.records.events.back(), "reconciled 0000000000000001");
}

void regress_a_grant_that_was_recorded_and_could_not_be_kept_has_an_end_record(void **)
{
    World world;
    world.script.fail_at = 5; // ledger "live": the disk is full
    assert_false(world.grants().grant(World::call('1')).has_value());
    assert_true(world.is_clean());
    assert_int_equal(world.records.events.size(), 2);
    assert_text(world.records.events[0], "granted 0000000000000001");
    assert_text(world.records.events[1], "reconciled 0000000000000001");
}

// systemd has taken the timer and nobody waits for it: whether it runs or not, the grant has one.
void a_grant_killed_before_its_timer_runs_has_one_all_the_same(void **)
{
    for (const bool runs : {true, false}) {
        World world;
        world.script.kill_at = 10;
        try {
            (void)world.grants().grant(World::call('1'));
            fail_because("it was not killed");
        } catch (const Killed &) {
        }
        assert_text(world.script.steps.back(), "write 0000000000000001.json live unsynced");
        world.script.clear();
        if (!runs)
            world.timers.ids.clear();
        assert_true(world.grants().reconcile().has_value());
        assert_true(world.timers.ids.contains(World::id('1')));
        assert_true(world.is_member("jit-dba"));
        world.pass(600s);
        assert_true(world.grants().expire(World::id('1')).has_value());
        assert_true(has_record(world, "expired", World::id('1')));
        assert_false(world.is_member("jit-dba"));
    }
}

// Of "live" the power may leave "granting" on disk.
void what_a_power_cut_leaves_of_a_grant_ends(void **)
{
    for (const bool is_lost : {true, false}) {
        World world;
        must_grant(world, '1');
        assert_false(world.disk.unsynced.empty());
        if (!is_lost)
            world.disk.unsynced.clear();
        world.cut_power();
        const auto ledger = Ledger::read(world.places, world.disk);
        assert_true(ledger->find(World::id('1'))->state ==
                    (is_lost ? Entry::State::granting : Entry::State::live));
        assert_true(world.grants().reconcile().has_value());
        assert_text(world.grants().list()->entries.at(0).cause.value_or(""),
                    is_lost ? "interrupted" : "reboot");
        assert_true(has_record(world, "reconciled", World::id('1')));
        expect_agreement(world, "a power cut");
    }
}

void a_power_cut_at_any_moment_of_granting_is_mended_by_the_first_reconcile(void **)
{
    for (const Scenario &scenario : all_scenarios()) {
        if (std::string_view{scenario.name}.find("a grant") != 0)
            continue;
        bool is_over = false;
        for (int at = 0; !is_over; ++at) {
            World world;
            is_over = act_until(world, scenario, at);
            world.cut_power();
            expect_agreement(world, std::string{scenario.name} + ", the power fails at moment " +
                                        std::to_string(at));
        }
    }
}

void regress_a_timer_whose_grant_has_ended_is_stopped(void **)
{
    World world;
    must_grant(world, '1');
    world.script.clear();
    world.script.fail_at = 3; // the stopping
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_true(world.timers.ids.contains(World::id('1')));
    world.timers.ids.insert("00000000000000ff"); // of a grant that is in no ledger
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.timers.ids.empty());
}

void a_service_manager_that_lists_no_timers_is_reported_and_bars_nothing_else(void **)
{
    World world;
    must_grant(world, '1');
    world.pass(600s);
    world.timers.tells = false;
    assert_false(world.grants().reconcile().has_value());
    assert_false(world.is_member("jit-dba"));
    assert_true(world.grants().is_reconciled());
    assert_true(world.records.lines.back().find("cannot list the timers") != std::string::npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_scenario_leaves_agreement_when_nothing_breaks),
        cmocka_unit_test(a_kill_at_any_moment_is_mended_by_the_next_reconcile),
        cmocka_unit_test(a_second_kill_at_any_moment_of_the_mending_is_mended_too),
        cmocka_unit_test(regress_an_end_is_recorded_though_the_process_died_before_it_could),
        cmocka_unit_test(regress_a_grant_is_recorded_before_it_is_live),
        cmocka_unit_test(regress_a_grant_that_was_recorded_and_could_not_be_kept_has_an_end_record),
        cmocka_unit_test(a_grant_killed_before_its_timer_runs_has_one_all_the_same),
        cmocka_unit_test(what_a_power_cut_leaves_of_a_grant_ends),
        cmocka_unit_test(a_power_cut_at_any_moment_of_granting_is_mended_by_the_first_reconcile),
        cmocka_unit_test(regress_a_timer_whose_grant_has_ended_is_stopped),
        cmocka_unit_test(a_service_manager_that_lists_no_timers_is_reported_and_bars_nothing_else),
    };
    return cmocka_run_group_tests_name("jit_grantd/crashes", tests, nullptr, nullptr);
}
