// Many grants that end in one second.
#include "tests/unit/cmocka_cpp.h"

#include "jit_grantd/spread.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

std::string id_of(std::size_t number)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016zx", number);
    return text;
}

std::string membership_of(const World &world, std::size_t number)
{
    return world.places.userdb + "/u" + std::to_string(number) + ":jit-dba.membership";
}

// As so many calls would have left them, without the time that these take.
void put_live(World &world, std::size_t count, std::chrono::seconds lasts)
{
    (void)world.grants().list(); // makes the folders
    std::filesystem::create_directory(world.places.userdb);
    for (std::size_t i = 0; i < count; ++i) {
        Entry entry;
        entry.id = id_of(i);
        entry.user = "u" + std::to_string(i);
        entry.uid = static_cast<uid_t>(5000 + i);
        entry.role = "dba";
        entry.parts = {{"jit-dba", false}};
        entry.oid = alice_oid;
        entry.policy = digest_of_policy;
        entry.since = world.clocks.time.wall;
        entry.until = entry.since + lasts;
        entry.boot_id = world.boot;
        entry.since_boot = world.clocks.time.boot;
        // They begin within one second, which the wall clock does not tell.
        entry.until_boot = entry.since_boot + lasts + std::chrono::milliseconds{i % 1000};
        entry.state = Entry::State::live;
        entry.timer_late = late_by(i, entry.id);
        world.put(world.places.state + "/grants/" + entry.id + ".json", *encode_entry(entry));
        world.put(membership_of(world, i), "{}\n");
        world.timers.ids.insert(entry.id);
    }
}

std::size_t count_live(World &world)
{
    std::size_t live = 0;
    ipc::GrantListCall call;
    do {
        const auto page = world.grants().list(call);
        for (const ipc::GrantEntry &entry : page->entries)
            live += entry.live ? 1 : 0;
        call.after = page->next;
    } while (call.after);
    return live;
}

void a_thousand_that_end_in_one_second_end_with_one_shot(void **)
{
    World world;
    put_live(world, 1000, 60s);
    assert_int_equal(count_live(world), 1000);
    world.pass(60s);
    assert_true(world.grants().expire(id_of(3)).has_value());
    assert_true(world.names(world.places.userdb).empty());
    assert_true(world.timers.ids.empty());
    assert_int_equal(world.records.events.size(), 1000);
    // The others' shots find nothing to do.
    world.script.clear();
    assert_true(world.grants().expire(id_of(4)).has_value());
    assert_true(world.script.steps.empty());
}

void all_memberships_are_gone_before_anything_is_written(void **)
{
    World world;
    put_live(world, 100, 60s);
    world.pass(60s);
    assert_true(world.grants().expire(id_of(0)).has_value());
    // The timers that are late go before the ledger is written, which may take a while.
    std::string order;
    std::string last;
    for (const std::string &step : world.script.trace)
        if (const std::string word = step.substr(0, step.find(' ')); word != last) {
            order += word + " ";
            last = word;
        }
    assert_text(order, "remove disarm write record write disarm ");
    assert_int_equal(world.script.trace.size(), 500);
    assert_true(world.script.trace[100].starts_with("disarm "));
    assert_true(world.script.trace[191].starts_with("disarm "));
    assert_true(world.script.trace[192].starts_with("write "));
}

void late_timers_are_stopped_in_the_order_in_which_they_would_fire(void **)
{
    World world;
    put_live(world, 300, 60s);
    world.pass(60s);
    assert_true(world.grants().expire(id_of(0)).has_value());
    std::chrono::seconds last{0};
    std::size_t late = 0;
    for (const std::string &step : world.script.trace)
        if (step.starts_with("disarm ")) {
            const auto by = late_by(std::stoul(step.substr(7), nullptr, 16), step.substr(7));
            assert_true(by >= last || by == 0s); // the exact ones are last, when all is written
            last = by;
            late += by > 0s ? 1 : 0;
        }
    assert_int_equal(late, 292);
    assert_true(last == 0s);
}

void each_folder_is_synced_once_a_step_however_many_end(void **)
{
    for (const std::size_t count : {1U, 2U, 300U}) {
        World world;
        put_live(world, count, 60s);
        world.pass(60s);
        assert_true(world.grants().expire(id_of(0)).has_value());
        assert_int_equal(world.disk.syncs, 3); // memberships; ledger, which owes; ledger
    }
}

void a_membership_that_can_not_be_removed_keeps_no_other(void **)
{
    World world;
    put_live(world, 50, 60s);
    world.pass(60s);
    world.script.fail_at = 20;
    assert_false(world.grants().expire(id_of(0)).has_value());
    assert_int_equal(world.names(world.places.userdb).size(), 1);
    assert_true(world.has_file(membership_of(world, 20)));
    world.script.clear();
    assert_true(world.grants().expire(id_of(20)).has_value());
    assert_true(world.names(world.places.userdb).empty());
    assert_int_equal(world.records.events.size(), 50);
}

void a_full_disk_keeps_nobody_in_and_is_told_in_a_few_lines(void **)
{
    World world;
    put_live(world, 500, 60s);
    world.pass(60s);
    world.script.fail_at = 992; // the first write, after 492 late timers
    world.script.fail_from_on = true;
    world.script.fail_errno = ENOSPC;
    assert_false(world.grants().expire(id_of(0)).has_value());
    assert_true(world.names(world.places.userdb).empty());
    assert_in_range(world.records.lines.size(), 2, 10);
    assert_true(world.records.lines.back().find("492 more") != std::string::npos);
    assert_true(world.records.events.empty());
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_int_equal(world.records.events.size(), 500);
}

// By time since boot they end within a second of each other, and only eight timers are exact.
void the_clock_set_back_keeps_none_of_that_second(void **)
{
    World world;
    put_live(world, 1000, 60s);
    world.clocks.time.wall -= 24h;
    world.clocks.time.boot += 60s;
    assert_true(world.grants().expire(id_of(0)).has_value());
    assert_true(world.names(world.places.userdb).empty());
}

void a_shot_ends_none_of_the_next_second(void **)
{
    World world;
    world.rules.set.config.users["bob"] = alice_oid;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    auto later = World::call('2', "dba", 61);
    later.user = "bob";
    assert_true(world.grants().grant(later).has_value());
    world.clocks.time.wall -= 24h; // the time since boot alone tells
    world.clocks.time.boot += 60s;
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_true(world.has_file(world.places.userdb + "/bob:jit-dba.membership"));
}

// --- timers --------------------------------------------------------------------------------------

// How many timers of those granted fire at the very end.
std::size_t count_exact_timers(World &world, WallTime until)
{
    std::size_t exact = 0;
    for (const std::string &id : world.timers.ids)
        exact += world.timers.times.at(id) == until ? 1 : 0;
    return exact;
}

void grant_ten(World &world)
{
    for (const char last : std::string{"0123456789"})
        assert_true(world.grants().grant(World::call(last, "dba", 60)).has_value());
}

void eight_timers_of_one_second_are_exact(void **)
{
    World world;
    const WallTime until = world.clocks.time.wall + 60s;
    grant_ten(world);
    assert_int_equal(count_exact_timers(world, until), 8);
    for (const auto &[id, time] : world.timers.times)
        assert_true(time == until || (time >= until + 5s && time <= until + 35s));
    // Another second has eight of its own.
    assert_true(world.grants().grant(World::call('a', "dba", 61)).has_value());
    assert_int_equal(count_exact_timers(world, until + 1s), 1);
}

void when_an_exact_one_is_dropped_a_late_one_becomes_exact(void **)
{
    World world;
    const WallTime until = world.clocks.time.wall + 60s;
    grant_ten(world);
    for (const char last : std::string{"01234567"}) {
        assert_true(world.grants().end({World::id(last), "dropped"})->ended);
        assert_int_equal(count_exact_timers(world, until), last == '0' ? 8 : '9' - last);
    }
    // Once exact, it is so for whoever comes next.
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    for (const std::string &step : world.script.steps)
        assert_false(step.starts_with("rearm"));
}

void when_an_exact_one_is_extended_a_late_one_becomes_exact(void **)
{
    World world;
    const WallTime until = world.clocks.time.wall + 60s;
    grant_ten(world);
    assert_true(world.grants().extend(World::longer('0', 600)).has_value());
    assert_int_equal(count_exact_timers(world, until), 8);
    assert_int_equal(count_exact_timers(world, until + 540s), 1);
}

void reconcile_makes_late_ones_exact_where_a_crash_left_too_few(void **)
{
    World world;
    put_live(world, 20, 60s);
    for (std::size_t i = 0; i < 8; ++i) {
        std::filesystem::remove(world.places.state + "/grants/" + id_of(i) + ".json");
        std::filesystem::remove(membership_of(world, i));
    }
    assert_true(world.grants().reconcile().has_value());
    std::size_t exact = 0;
    for (const auto &[id, time] : world.timers.times)
        exact += time == world.clocks.time.wall + 60s ? 1 : 0;
    assert_int_equal(exact, 8);
    assert_int_equal(world.timers.ids.size(), 12);
}

void a_late_timer_that_was_lost_is_armed_as_late_as_it_was(void **)
{
    World world;
    grant_ten(world);
    const WallTime was = world.timers.times.at(World::id('9'));
    world.timers.ids.erase(World::id('9'));
    world.timers.times.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.timers.times.at(World::id('9')) == was);
}

// jit-leftovers.path waits for that file, and must not start with each grant.
void ends_are_marked_and_grants_are_not(void **)
{
    World world;
    const std::string mark = world.places.run + "/ended";
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_false(std::filesystem::exists(mark));
    assert_true(world.grants().end({World::call('1').id, "dropped"}).has_value());
    assert_true(std::filesystem::exists(mark));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_marked_and_grants_are_not),
        cmocka_unit_test(a_thousand_that_end_in_one_second_end_with_one_shot),
        cmocka_unit_test(all_memberships_are_gone_before_anything_is_written),
        cmocka_unit_test(late_timers_are_stopped_in_the_order_in_which_they_would_fire),
        cmocka_unit_test(each_folder_is_synced_once_a_step_however_many_end),
        cmocka_unit_test(a_membership_that_can_not_be_removed_keeps_no_other),
        cmocka_unit_test(a_full_disk_keeps_nobody_in_and_is_told_in_a_few_lines),
        cmocka_unit_test(the_clock_set_back_keeps_none_of_that_second),
        cmocka_unit_test(a_shot_ends_none_of_the_next_second),
        cmocka_unit_test(eight_timers_of_one_second_are_exact),
        cmocka_unit_test(when_an_exact_one_is_dropped_a_late_one_becomes_exact),
        cmocka_unit_test(when_an_exact_one_is_extended_a_late_one_becomes_exact),
        cmocka_unit_test(reconcile_makes_late_ones_exact_where_a_crash_left_too_few),
        cmocka_unit_test(a_late_timer_that_was_lost_is_armed_as_late_as_it_was),
    };
    return cmocka_run_group_tests_name("jit_grantd/many_ends", tests, nullptr, nullptr);
}
