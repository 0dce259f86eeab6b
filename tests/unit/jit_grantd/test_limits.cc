// What the limits of a role leave, as the helper counts it in its own ledger; and trials, by which
// it is asked before anybody signs in.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

constexpr const char *bob_oid = "bbbbbbbb-0000-4000-8000-000000000002";

policy::Role &dba(World &world)
{
    return world.rules.policy.roles[0];
}

// Bob may have it, too.
ipc::GrantCall bobs_call(World &world, char last, int time = 600)
{
    world.rules.set.config.users["bob"] = bob_oid;
    dba(world).requesters.push_back({policy::Requester::Kind::user, bob_oid});
    auto call = World::call(last, "dba", time);
    call.user = "bob";
    call.oid = bob_oid;
    return call;
}

ipc::GrantCall trial_of(ipc::GrantCall call)
{
    call.is_trial = true;
    return call;
}

seconds granted(World &world, const ipc::GrantCall &call)
{
    const auto answer = world.grants().grant(call);
    if (!answer)
        print_error("%s\n", answer.refusal().text.c_str());
    assert_true(answer.has_value());
    return answer->until - answer->since;
}

void expect_refused(World &world, const ipc::GrantCall &call, const char *text)
{
    // Neither of the two does anything.
    const auto steps = world.script.steps.size();
    for (const auto &each : {call, trial_of(call)}) {
        const auto answer = world.grants().grant(each);
        assert_false(answer.has_value());
        assert_true(answer.refusal().kind == Refusal::Kind::refused);
        if (answer.refusal().text.find(text) == std::string::npos)
            assert_text(answer.refusal().text, text);
    }
    assert_int_equal(world.script.steps.size(), steps);
}

void finish(World &world, char last)
{
    assert_true(world.grants().end({World::id(last), "dropped"})->ended);
}

// --- the budget of a day -------------------------------------------------------------------------

void the_budget_of_a_day_cuts_what_is_granted_and_then_refuses(void **)
{
    World world;
    dba(world).limits.per_day = 1000s;
    assert_int_equal(granted(world, World::call('1')).count(), 600);
    world.pass(600s);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_int_equal(granted(world, World::call('2')).count(), 400);
    assert_true(world.grants().list()->entries.back().until == world.clocks.now().wall + 400s);
    world.pass(400s);
    assert_true(world.grants().expire(World::id('2')).has_value());
    expect_refused(world, World::call('3'),
                   "role \"dba\" is granted for 16m40s a day, and that is used up: the next day "
                   "begins Sat 2027-01-16 00:00 UTC");
    world.pass(24h);
    assert_int_equal(granted(world, World::call('3')).count(), 600);
}

void what_was_handed_back_early_is_left_for_later(void **)
{
    World world;
    dba(world).limits.per_day = 700s;
    (void)granted(world, World::call('1'));
    world.pass(100s);
    finish(world, '1');
    assert_int_equal(granted(world, World::call('2')).count(), 600);
    // One that lives takes all that it will have.
    expect_refused(world, World::call('3'), "used up");
    finish(world, '2');
    assert_int_equal(granted(world, World::call('3')).count(), 600);
}

void each_person_and_each_role_has_a_budget_of_its_own(void **)
{
    World world;
    dba(world).limits.per_day = 600s;
    world.rules.policy.roles[1].limits.per_day = 600s;
    (void)granted(world, World::call('1'));
    expect_refused(world, World::call('2'), "used up");
    assert_int_equal(granted(world, World::call('2', "ops")).count(), 600);
    assert_int_equal(granted(world, bobs_call(world, '3')).count(), 600);
}

void a_person_with_two_users_has_one_budget(void **)
{
    World world;
    dba(world).limits.per_day = 600s;
    world.rules.set.config.users["bob"] = alice_oid;
    (void)granted(world, World::call('1'));
    auto call = World::call('2');
    call.user = "bob";
    expect_refused(world, call, "used up");
}

void a_budget_outlives_both_daemons_and_the_boot(void **)
{
    World world;
    dba(world).limits.per_day = 600s;
    (void)granted(world, World::call('1'));
    world.pass(500s);
    world.reboot();
    assert_true(world.grants().reconcile().has_value());
    // It lasted until the boot was noticed, 540 s after its beginning.
    assert_int_equal(granted(world, World::call('2')).count(), 60);
}

void regress_jitd_gets_no_second_budget_by_calling_a_grant_interrupted(void **)
{
    World world;
    dba(world).limits.per_day = 600s;
    dba(world).limits.cooldown = 60s;
    (void)granted(world, World::call('1'));
    world.pass(590s);
    assert_true(world.grants().end({World::id('1'), "interrupted"})->ended);
    expect_refused(world, World::call('2'), "cooldown");
    world.pass(60s);
    assert_int_equal(granted(world, World::call('2')).count(), 10);
}

void a_grant_that_was_taken_back_at_once_costs_nothing(void **)
{
    World world;
    dba(world).limits.per_day = 600s;
    dba(world).limits.cooldown = 60s;
    (void)granted(world, World::call('1'));
    assert_true(world.grants().end({World::id('1'), "interrupted"})->ended);
    assert_int_equal(granted(world, World::call('2')).count(), 600);
}

void a_grant_that_could_not_be_made_costs_nothing(void **)
{
    World world;
    dba(world).limits.per_day = 600s;
    dba(world).limits.cooldown = 60s;
    world.accounts.answers = false;
    assert_false(world.grants().grant(World::call('1')).has_value());
    assert_true(world.is_clean());
    world.accounts.answers = true;
    assert_int_equal(granted(world, World::call('2')).count(), 600);
}

// --- cooldown ------------------------------------------------------------------------------------

void a_cooldown_is_waited_for_after_each_end(void **)
{
    World world;
    dba(world).limits.cooldown = 5min;
    (void)granted(world, World::call('1'));
    // While it lives there is no waiting.
    world.pass(10s);
    assert_int_equal(granted(world, World::call('2')).count(), 600);
    finish(world, '1');
    expect_refused(world, World::call('3'), "has a cooldown of 5m between two grants");
    finish(world, '2');
    world.pass(5min - 1s);
    expect_refused(world, World::call('3'), "has a cooldown of 5m");
    assert_int_equal(granted(world, bobs_call(world, '4')).count(), 600);
    world.pass(1s);
    assert_int_equal(granted(world, World::call('3')).count(), 600);
}

// --- people at once ------------------------------------------------------------------------------

void no_more_people_than_max_active_have_it_at_once(void **)
{
    World world;
    dba(world).limits.max_active = 1;
    const auto bobs = bobs_call(world, '2');
    (void)granted(world, World::call('1'));
    expect_refused(world, bobs, "role \"dba\" is for at most 1 at a time, and so many have it");
    // Her second one takes no place more.
    assert_int_equal(granted(world, World::call('3')).count(), 600);
    finish(world, '1');
    expect_refused(world, bobs, "at most 1");
    finish(world, '3');
    assert_int_equal(granted(world, bobs).count(), 600);
    expect_refused(world, World::call('4'), "at most 1");
    // Past its end it takes none, though nobody has ended it yet.
    world.pass(600s);
    assert_int_equal(granted(world, World::call('4')).count(), 600);
}

// --- as good as root -----------------------------------------------------------------------------

void a_root_equivalent_group_is_granted_where_the_role_allows_it(void **)
{
    World world;
    dba(world).allow_root_equivalent = true;
    dba(world).groups = {"docker"};
    world.accounts.groups["docker"] = 4000;
    assert_int_equal(granted(world, World::call('1')).count(), 600);
    assert_true(world.is_member("docker"));
    finish(world, '1');
    // Not gid 0, whatever it is called, and none that is another group by its gid.
    world.accounts.groups["docker"] = 0;
    expect_refused(world, World::call('2'), "gid 0");
    world.accounts.groups["docker"] = 2001;
    expect_refused(world, World::call('2'), "shares its gid");
    // The permission is of that role alone.
    world.accounts.groups["docker"] = 4000;
    world.rules.policy.roles[1].groups = {"docker"};
    expect_refused(world, World::call('2', "ops"), "equivalent to root");
}

// --- trials --------------------------------------------------------------------------------------

void a_trial_says_what_would_be_granted_and_makes_nothing(void **)
{
    World world;
    dba(world).limits.per_day = 400s;
    const auto call = World::call('1');
    for (int i = 0; i < 3; ++i) {
        const auto answer = world.grants().grant(trial_of(call));
        assert_true(answer.has_value());
        assert_true(answer->since == world.clocks.now().wall);
        assert_true(answer->until - answer->since == 400s);
        assert_true(answer->groups == std::vector<std::string>{"jit-dba"});
    }
    assert_true(world.is_clean());
    assert_true(world.disk.made.empty());
    assert_true(world.records.events.empty());
    for (const std::string &step : world.script.steps)
        assert_text(step, "ask name service");
    assert_true(world.grants().list()->entries.empty());
    // Its id is free, and its budget whole.
    assert_int_equal(granted(world, call).count(), 400);
}

void a_trial_is_refused_as_the_grant_would_be(void **)
{
    World world;
    dba(world).limits.max_active = 1;
    (void)granted(world, World::call('1'));
    expect_refused(world, World::call('1'), "there is a grant 0000000000000001 already");
    expect_refused(world, World::call('2', "nobody"), "there is no role");
    expect_refused(world, World::call('2', "dba", 3601), "at most 1h");
    auto call = World::call('2');
    call.user = "bob";
    expect_refused(world, call, "no entry in [users].map");
    call = bobs_call(world, '2');
    expect_refused(world, call, "at most 1 at a time");
    call.policy = std::string(64, 'e');
    const auto other = world.grants().grant(trial_of(call));
    assert_true(other.refusal().kind == Refusal::Kind::policy_mismatch);
    world.put(world.places.masks + "/alice:jit-dba.membership", "");
    expect_refused(world, World::call('2'), "masked");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_of_a_day_cuts_what_is_granted_and_then_refuses),
        cmocka_unit_test(what_was_handed_back_early_is_left_for_later),
        cmocka_unit_test(each_person_and_each_role_has_a_budget_of_its_own),
        cmocka_unit_test(a_person_with_two_users_has_one_budget),
        cmocka_unit_test(a_budget_outlives_both_daemons_and_the_boot),
        cmocka_unit_test(regress_jitd_gets_no_second_budget_by_calling_a_grant_interrupted),
        cmocka_unit_test(a_grant_that_was_taken_back_at_once_costs_nothing),
        cmocka_unit_test(a_grant_that_could_not_be_made_costs_nothing),
        cmocka_unit_test(a_cooldown_is_waited_for_after_each_end),
        cmocka_unit_test(no_more_people_than_max_active_have_it_at_once),
        cmocka_unit_test(a_root_equivalent_group_is_granted_where_the_role_allows_it),
        cmocka_unit_test(a_trial_says_what_would_be_granted_and_makes_nothing),
        cmocka_unit_test(a_trial_is_refused_as_the_grant_would_be),
    };
    return cmocka_run_group_tests_name("jit_grantd/limits", tests, nullptr, nullptr);
}
