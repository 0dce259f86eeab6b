#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

std::string cause_of(World &world, char last)
{
    const auto list = world.grants().list();
    for (const ipc::GrantEntry &entry : list->entries)
        if (entry.id == World::id(last))
            return entry.live ? "live" : entry.cause.value_or("no cause");
    return "absent";
}

std::string ledger_file(const World &world, char last)
{
    return world.places.state + "/grants/" + World::id(last) + ".json";
}

void the_first_reconcile_of_a_boot_says_that_it_ran(void **)
{
    World world;
    assert_false(world.grants().is_reconciled());
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.grants().is_reconciled());
    assert_text(world.get(world.places.run + "/reconciled"), std::string{boot_one} + "\n");
    world.boot = boot_two;
    assert_false(world.grants().is_reconciled());
}

void a_live_grant_stays_as_it_is(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "ops")).has_value());
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "live");
    assert_true(world.is_member("jit-dba") && world.is_member("jit-ops"));
    assert_int_equal(world.script.steps.size(), 1); // the mark alone
}

void what_is_due_has_expired(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.pass(600s);
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "expired");
    assert_true(world.timers.ids.empty());
}

void what_is_of_another_boot_is_ended_though_its_time_is_not_over(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.reboot();
    assert_text(cause_of(world, '1'), "no cause"); // not live, whatever the ledger says
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "reboot");
    assert_text(world.records.events.back(), "reconciled 0000000000000001");
}

void a_removed_membership_ends_its_grant_and_the_rest_of_it(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "ops")).has_value());
    std::filesystem::remove(world.places.userdb + "/alice:jit-ops.membership");
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "membership-gone");
    assert_text(world.records.events.back(), "revoked 0000000000000001");
    assert_false(world.is_member("jit-dba"));
}

void an_emptied_membership_is_a_mask_and_ends_its_grant(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.put(world.places.userdb + "/alice:jit-dba.membership", "");
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "membership-gone");
}

// By his primary group, or by another source of the name service: what jit makes and takes away
// beside it is its own file alone, and that file is what counts.
void a_group_held_by_right_neither_ends_its_grant_nor_keeps_it_from_ending(void **)
{
    World world;
    world.accounts.elsewhere.insert("alice:jit-dba");
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.is_member("jit-dba"));
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "live");
    world.pass(600s);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_text(cause_of(world, '1'), "expired");
    assert_false(world.is_member("jit-dba"));
    assert_true(world.timers.ids.empty());
}

void a_membership_that_was_there_before_neither_ends_its_grant_nor_goes_with_it(void **)
{
    World world;
    std::filesystem::create_directory(world.places.userdb);
    world.put(world.places.userdb + "/alice:jit-dba.membership", "{}\n");
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "live");
    world.pass(600s);
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "expired");
    assert_true(world.is_member("jit-dba")); // by right, still
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.is_member("jit-dba"));
}

void a_lost_timer_is_armed_again(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.timers.ids.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.timers.ids.contains(World::id('1')));
    assert_text(cause_of(world, '1'), "live");
}

void without_systemd_memberships_still_agree_and_the_mark_is_written(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.timers.ids.clear();
    world.script.clear();
    world.script.fail_at = 0; // the arming
    assert_false(world.grants().reconcile().has_value());
    assert_true(world.grants().is_reconciled());
}

void a_membership_without_live_grant_is_removed(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    world.put(world.places.userdb + "/alice:jit-dba.membership", "{}\n"); // an old copy put back
    world.put(world.places.userdb + "/bob:jit-dba.membership", "{}\n");   // never ours
    assert_true(world.grants().reconcile().has_value());
    assert_false(world.is_member("jit-dba"));
    assert_true(world.has_file(world.places.userdb + "/bob:jit-dba.membership"));
}

void ended_grants_are_pruned_after_two_days_and_not_before(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    world.pass(48h);
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "dropped");
    world.pass(1s);
    assert_true(world.grants().reconcile().has_value());
    assert_text(cause_of(world, '1'), "absent");
    assert_true(world.is_clean());
}

void files_of_an_interrupted_write_are_removed(void **)
{
    World world;
    assert_true(world.grants().reconcile().has_value());
    world.put(world.places.state + "/grants/.0000000000000001.json.jit-0123456789abcdef", "{");
    world.put(world.places.userdb + "/.alice:jit-dba.membership.jit-0123456789abcdef", "");
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.is_clean());
}

void a_damaged_ledger_file_is_set_aside_at_boot(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.put(ledger_file(world, '1'), "{\"id\":");
    world.reboot();
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.has_file(world.places.state + "/grants/.aside-0000000000000001.json"));
    assert_true(world.grants().grant(World::call('2')).has_value());
}

void a_damaged_ledger_file_bars_granting_later_in_a_boot_but_no_end(void **)
{
    World world;
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().grant(World::call('2', "ops")).has_value());
    world.put(ledger_file(world, '1'), "not json");
    assert_false(world.grants().reconcile().has_value());
    assert_true(world.records.lines.back().find("damaged") != std::string::npos);
    assert_false(world.grants().grant(World::call('3')).has_value());
    assert_true(world.grants().end({World::id('2'), "dropped"})->ended);
}

void an_entry_under_a_name_that_is_not_its_id_is_damaged(void **)
{
    World world;
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.grants().grant(World::call('1')).has_value());
    std::filesystem::copy(ledger_file(world, '1'), ledger_file(world, '2'));
    assert_false(world.grants().reconcile().has_value());
}

void a_membership_that_cannot_be_removed_keeps_the_mark_away(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.pass(600s);
    world.script.clear();
    world.script.fail_at = 0;
    assert_false(world.grants().reconcile().has_value());
    assert_false(world.grants().is_reconciled());
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.grants().is_reconciled());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reconcile_of_a_boot_says_that_it_ran),
        cmocka_unit_test(a_live_grant_stays_as_it_is),
        cmocka_unit_test(what_is_due_has_expired),
        cmocka_unit_test(what_is_of_another_boot_is_ended_though_its_time_is_not_over),
        cmocka_unit_test(a_removed_membership_ends_its_grant_and_the_rest_of_it),
        cmocka_unit_test(an_emptied_membership_is_a_mask_and_ends_its_grant),
        cmocka_unit_test(a_group_held_by_right_neither_ends_its_grant_nor_keeps_it_from_ending),
        cmocka_unit_test(
            a_membership_that_was_there_before_neither_ends_its_grant_nor_goes_with_it),
        cmocka_unit_test(a_lost_timer_is_armed_again),
        cmocka_unit_test(without_systemd_memberships_still_agree_and_the_mark_is_written),
        cmocka_unit_test(a_membership_without_live_grant_is_removed),
        cmocka_unit_test(ended_grants_are_pruned_after_two_days_and_not_before),
        cmocka_unit_test(files_of_an_interrupted_write_are_removed),
        cmocka_unit_test(a_damaged_ledger_file_is_set_aside_at_boot),
        cmocka_unit_test(a_damaged_ledger_file_bars_granting_later_in_a_boot_but_no_end),
        cmocka_unit_test(an_entry_under_a_name_that_is_not_its_id_is_damaged),
        cmocka_unit_test(a_membership_that_cannot_be_removed_keeps_the_mark_away),
    };
    return cmocka_run_group_tests_name("jit_grantd/reconcile", tests, nullptr, nullptr);
}
