#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

// A world with one grant of "dba", of ten minutes, one of which has passed.
struct Begun : World {
    Begun()
    {
        const auto made = grants().grant(call('1'));
        assert_true(made.has_value());
        since = made->since;
        until = made->until;
        pass(60s);
        script.clear();
    }
    WallTime since, until;

    WallTime end_in_ledger() { return grants().list()->entries.at(0).until; }
    void assert_refused(const ipc::GrantCall &call, Refusal::Kind kind)
    {
        const auto reply = grants().extend(call);
        assert_false(reply.has_value());
        assert_true(reply.refusal().kind == kind);
        assert_true(end_in_ledger() == until);
        assert_true(script.steps.empty());
    }
};

std::string join(const std::vector<std::string> &steps)
{
    std::string text;
    for (const std::string &each : steps)
        text += each + "\n";
    return text;
}

void extending_goes_ledger_timer_record_ledger(void **)
{
    Begun world;
    const auto reply = world.grants().extend(World::longer('1', 1200));
    assert_true(reply.has_value());
    assert_true(reply->since == world.since);
    assert_true(reply->until == world.since + 60s + 1200s);
    assert_text(reply->groups.at(0), "jit-dba");
    assert_text(join(world.script.trace), "write 0000000000000001.json live owing\n"
                                          "rearm 0000000000000001\n"
                                          "record extended 0000000000000001\n"
                                          "write 0000000000000001.json live\n");
    assert_true(world.end_in_ledger() == reply->until);
    assert_true(world.is_member("jit-dba"));
}

void it_ends_at_the_later_end_and_not_at_the_earlier(void **)
{
    Begun world;
    assert_true(world.grants().extend(World::longer('1', 1200)).has_value());
    world.pass(540s); // the old timer's shot, late by nothing
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_true(world.is_member("jit-dba"));
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.is_member("jit-dba"));
    world.pass(660s);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_text(world.records.events.back(), "expired 0000000000000001");
}

void never_past_the_beginning_and_max_duration(void **)
{
    Begun world;
    world.rules.policy.roles[0].max_duration = 15min;
    auto reply = world.grants().extend(World::longer('1', 880));
    assert_true(reply.has_value());
    assert_true(reply->until == world.since + 15min);
    // Again and again makes no more of it.
    world.until = reply->until;
    world.script.clear();
    world.assert_refused(World::longer('1', 880), Refusal::Kind::refused);
}

void a_clock_set_back_gives_no_more_time(void **)
{
    Begun world;
    world.pass(500s);
    world.clocks.time.wall -= 400s;
    const auto reply = world.grants().extend(World::longer('1', 3600));
    assert_true(reply.has_value());
    world.pass(3000s); // 3,560 s of the machine's own time since it began
    world.clocks.time.wall = world.since;
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.is_member("jit-dba"));
    world.clocks.time.boot += 40s;
    assert_true(world.grants().reconcile().has_value());
    assert_false(world.is_member("jit-dba"));
}

void less_than_is_left_is_refused(void **)
{
    Begun world;
    world.assert_refused(World::longer('1', 300), Refusal::Kind::refused);
    world.assert_refused(World::longer('1', 540), Refusal::Kind::refused);
}

void only_what_is_live_and_the_callers_own(void **)
{
    Begun world;
    world.assert_refused(World::longer('2', 1200), Refusal::Kind::not_found);
    auto call = World::longer('1', 1200);
    call.user = "bob";
    world.assert_refused(call, Refusal::Kind::refused);
    call = World::longer('1', 1200);
    call.role = "ops";
    world.assert_refused(call, Refusal::Kind::refused);
    call = World::longer('1', 1200);
    call.oid = "bbbbbbbb-0000-4000-8000-000000000002";
    world.assert_refused(call, Refusal::Kind::refused);
    world.pass(540s); // due, though nobody has ended it yet
    world.assert_refused(World::longer('1', 1200), Refusal::Kind::not_found);
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(world.grants().extend(World::longer('1', 1200)).has_value());
}

void what_the_policy_says_now_counts(void **)
{
    Begun world;
    auto call = World::longer('1', 1200);
    call.policy = std::string(64, 'e');
    assert_false(world.grants().extend(call).has_value());
    world.rules.policy.roles[0].requesters[0].value = "eeeeeeee-0000-4000-8000-000000000003";
    world.assert_refused(World::longer('1', 1200), Refusal::Kind::refused);
    world.rules.policy.roles.clear();
    world.assert_refused(World::longer('1', 1200), Refusal::Kind::refused);
}

void the_days_budget_counts_each_minute_once(void **)
{
    Begun world;
    world.rules.policy.roles[0].limits.per_day = 20min;
    const auto reply = world.grants().extend(World::longer('1', 3000));
    assert_true(reply.has_value());
    assert_true(reply->until >= world.since + 20min - 2s);
    assert_true(reply->until <= world.since + 20min);
}

void a_cooldown_is_for_what_has_ended(void **)
{
    Begun world;
    world.rules.policy.roles[0].limits.cooldown = 30min;
    assert_true(world.grants().extend(World::longer('1', 1200)).has_value());
}

void a_trial_says_what_there_would_be_and_changes_nothing(void **)
{
    Begun world;
    world.rules.policy.roles[0].max_duration = 15min;
    auto call = World::longer('1', 880);
    call.is_trial = true;
    const auto reply = world.grants().extend(call);
    assert_true(reply.has_value());
    assert_true(reply->until == world.since + 15min);
    assert_true(world.script.steps.empty());
    assert_true(world.end_in_ledger() == world.until);
}

void one_that_is_for_one_session_is_not_kept_longer_once_that_began(void **)
{
    Begun world;
    assert_true(world.grants().use({World::id('1')}).has_value());
    world.script.clear();
    world.assert_refused(World::longer('1', 1200), Refusal::Kind::refused);
}

void whatever_fails_the_old_end_holds_or_the_new_one_is_recorded(void **)
{
    for (int step = 0; step < 3; ++step) {
        Begun world;
        world.script.fail_at = step;
        const bool is_extended = world.grants().extend(World::longer('1', 1200)).has_value();
        assert_int_equal(is_extended, step == 2); // nothing but "has recorded" was lost
        world.script.clear();
        assert_true(world.grants().reconcile().has_value());
        assert_true(world.timers.ids.contains(World::id('1')));
        assert_true((world.end_in_ledger() == world.until) == !is_extended);
        world.pass(540s);
        assert_true(world.grants().expire(World::id('1')).has_value());
        assert_int_equal(world.is_member("jit-dba"), is_extended);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(extending_goes_ledger_timer_record_ledger),
        cmocka_unit_test(it_ends_at_the_later_end_and_not_at_the_earlier),
        cmocka_unit_test(never_past_the_beginning_and_max_duration),
        cmocka_unit_test(a_clock_set_back_gives_no_more_time),
        cmocka_unit_test(less_than_is_left_is_refused),
        cmocka_unit_test(only_what_is_live_and_the_callers_own),
        cmocka_unit_test(what_the_policy_says_now_counts),
        cmocka_unit_test(the_days_budget_counts_each_minute_once),
        cmocka_unit_test(a_cooldown_is_for_what_has_ended),
        cmocka_unit_test(a_trial_says_what_there_would_be_and_changes_nothing),
        cmocka_unit_test(one_that_is_for_one_session_is_not_kept_longer_once_that_began),
        cmocka_unit_test(whatever_fails_the_old_end_holds_or_the_new_one_is_recorded),
    };
    return cmocka_run_group_tests_name("jit_grantd/extend", tests, nullptr, nullptr);
}
