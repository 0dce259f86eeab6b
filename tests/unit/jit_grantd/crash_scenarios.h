// The process is killed at every moment of granting and ending, or one step after the other fails,
// and meanwhile time passes, the clock is set or the machine boots: a new process that has only
// what is on disk brings everything back to agreement, and each grant has its records. Included
// after tests/unit/cmocka_cpp.h by a program for each way of making memberships.
#pragma once

#include <functional>

#include "jit_grantd/ledger.h"
#include "tests/unit/jit_grantd/world.h"

namespace jit::grantd::test {

using namespace std::chrono_literals;

// Each program that includes this has its own.
namespace {

[[noreturn]] void fail_because(const std::string &text)
{
    print_error("%s\n", text.c_str());
    _fail(__FILE__, __LINE__);
    abort(); // it has jumped away
}

// --- what must hold when somebody has reconciled ------------------------------------------------

bool has_record(const World &world, const std::string &event, const std::string &id)
{
    const auto &events = world.records.events;
    return std::find(events.begin(), events.end(), event + " " + id) != events.end();
}

// From its beginning on; no other grant of these tests lasts so long.
constexpr auto extended_to = 1500s;

bool has_end_record(const World &world, const std::string &id)
{
    return has_record(world, "expired", id) || has_record(world, "dropped", id) ||
           has_record(world, "revoked", id) || has_record(world, "reconciled", id);
}

std::string find_fault_of_entry(World &world, const Entry &entry)
{
    if (entry.state == Entry::State::granting)
        return "an entry is still granting";
    if (entry.owes_record)
        return "an end or an extension still owes its record";
    if (entry.until - entry.since == extended_to && !has_record(world, "extended", entry.id))
        return "an extension has no record";
    if (entry.is_ended()) {
        if (!has_end_record(world, entry.id))
            return "an end has no record";
        // One that was never told to its caller is told as reconciled, if it was made at all.
        if (!has_record(world, "granted", entry.id) && !has_record(world, "reconciled", entry.id))
            return "an ended grant has no record of its beginning";
        return {};
    }
    if (entry.is_due(world.clocks.now(), world.boot))
        return "a grant outlives its end";
    for (const Part &part : entry.parts)
        if (!world.is_member(part.group))
            return "a live grant has no membership";
    if (!world.timers.ids.contains(entry.id))
        return "a live grant has no timer";
    if (!has_record(world, "granted", entry.id))
        return "a live grant has no record";
    return {};
}

// The group file holds what it held, and who has a live grant; no lock or half a file is left.
std::string find_fault_of_files(World &world, const Ledger &ledger)
{
    std::string files[] = {world.get(world.places.etc + "/group"),
                           world.get(world.places.etc + "/gshadow")};
    for (const char *group : {"jit-dba", "jit-ops"}) {
        const auto &entries = ledger.entries();
        const bool is_needed = std::any_of(entries.begin(), entries.end(), [&](const Entry &entry) {
            return !entry.is_ended() && entry.has_group(group);
        });
        for (std::string &text : files) {
            if (lists_member(text, {"alice", group}) && !is_needed)
                return std::string{"a member has no grant: "} + group;
            text = remove_member(text, {"alice", group});
        }
    }
    if (files[0] != group_text || files[1] != gshadow_text)
        return "another line of the group file has changed";
    for (const std::string &name : world.names(world.places.etc))
        if (name != "group" && name != "gshadow" && name != ".pwd.lock")
            return "something is left in /etc: " + name;
    return {};
}

// Empty: everything agrees.
std::string find_fault(World &world)
{
    const auto ledger = Ledger::read(world.places, world.disk);
    if (!ledger || !ledger->damaged().empty())
        return "the ledger is damaged";
    for (const Entry &entry : ledger->entries())
        if (auto fault = find_fault_of_entry(world, entry); !fault.empty())
            return fault;
    if (auto fault = find_fault_of_files(world, *ledger); !fault.empty())
        return fault;
    std::map<WallTime, int> late, exact;
    for (const Entry &entry : ledger->entries())
        if (!entry.is_ended() && !entry.is_due(world.clocks.now(), world.boot)) {
            const bool is_exact = entry.timer_late == 0s;
            // Earlier is fine: that of the end before an extension hits nothing.
            if (world.timers.times[entry.id] > entry.until + entry.timer_late)
                return "a timer is set to a later time than the ledger says";
            ++(is_exact ? exact : late)[entry.until];
        }
    for (const auto &[until, count] : late)
        if (exact[until] < 8)
            return "timers are late though none of that second is exact";
    for (const std::string &id : world.timers.ids)
        if (const Entry *entry = ledger->find(id); entry == nullptr || entry->is_ended())
            return "a timer has no grant";
    for (const std::string &name : world.names(world.places.userdb)) {
        bool is_needed = false;
        for (const Entry &entry : ledger->entries())
            for (const Part &part : entry.parts)
                is_needed = is_needed ||
                            (!entry.is_ended() && name == "alice:" + part.group + ".membership");
        if (!is_needed)
            return "a membership has no grant: " + name;
    }
    for (const std::string &name : world.names(world.places.state + "/grants"))
        if (name.starts_with('.'))
            return "a temporary file is left: " + name;
    for (const std::string &event : world.records.events) {
        const std::string id = event.substr(event.find(' ') + 1);
        const Entry *const entry = ledger->find(id);
        if ((entry == nullptr || entry->is_ended()) && !has_end_record(world, id))
            return "a grant was recorded and its end was not: " + event;
    }
    return {};
}

// --- what is done, and what happens meanwhile ---------------------------------------------------

struct Scenario {
    const char *name;
    std::function<void(World &)> prepare;
    std::function<void(World &)> act; // may fail, or be killed
};

void must_grant(World &world, char last, const std::string &role = "dba", int seconds = 600)
{
    if (!world.grants().grant(World::call(last, role, seconds)).has_value())
        fail_because("a grant of the preparation failed");
}

std::vector<Scenario> all_scenarios()
{
    const auto nothing = [](World &) {};
    const auto one = [](World &world) { must_grant(world, '1', "ops"); };
    const auto two = [](World &world) {
        must_grant(world, '1', "dba", 600);
        must_grant(world, '2', "ops", 900);
    };
    const auto reconcile = [](World &world) { (void)world.grants().reconcile(); };
    return {
        {"a grant", nothing,
         [](World &world) { (void)world.grants().grant(World::call('1', "ops")); }},
        {"a grant beside one of the same group",
         [](World &world) { must_grant(world, '2', "dba", 900); },
         [](World &world) { (void)world.grants().grant(World::call('1', "ops")); }},
        {"a grant whose membership is of other hands",
         [](World &world) {
             (void)world.grants().reconcile();
             world.give("jit-dba");
             must_grant(world, '2', "ops", 900);
             world.take("jit-dba");
             must_grant(world, '3', "dba", 900);
         },
         [](World &world) {
             (void)world.grants().end({World::id('3'), "dropped"});
         }},
        {"a drop", one,
         [](World &world) {
             (void)world.grants().end({World::id('1'), "dropped"});
         }},
        {"a revocation of one of two", two,
         [](World &world) {
             (void)world.grants().end({World::id('2'), "revoked"});
         }},
        {"an end of what the caller never heard of", one,
         [](World &world) {
             (void)world.grants().end({World::id('1'), "interrupted"});
         }},
        {"an expiry",
         [one](World &world) {
             one(world);
             world.pass(600s);
         },
         [](World &world) { (void)world.grants().expire(World::id('1')); }},
        {"an expiry of one of two",
         [two](World &world) {
             two(world);
             world.pass(600s);
         },
         [](World &world) { (void)world.grants().expire(World::id('1')); }},
        {"an expiry of three of one second",
         [](World &world) {
             must_grant(world, '1', "dba");
             must_grant(world, '2', "ops");
             must_grant(world, '3', "ops");
             world.pass(600s);
         },
         [](World &world) { (void)world.grants().expire(World::id('2')); }},
        {"a drop of one of nine of one second, whose timer was exact",
         [](World &world) {
             for (const char last : std::string{"12345678a"})
                 must_grant(world, last, "dba", 900);
         },
         [](World &world) {
             (void)world.grants().end({World::id('5'), "dropped"});
         }},
        {"a reconcile when two are due",
         [two](World &world) {
             two(world);
             world.pass(900s);
         },
         reconcile},
        {"a reconcile when a membership is gone",
         [one](World &world) {
             one(world);
             world.take("jit-ops");
         },
         reconcile},
        {"a reconcile when a timer is gone",
         [one](World &world) {
             one(world);
             world.timers.ids.clear();
         },
         reconcile},
        {"the first reconcile of a boot",
         [two](World &world) {
             two(world);
             world.reboot();
         },
         reconcile},
        {"an extension", [](World &world) { must_grant(world, '1'); },
         [](World &world) { (void)world.grants().extend(World::longer('1', 1500)); }},
        {"an extension beside one of the same group", two,
         [](World &world) { (void)world.grants().extend(World::longer('1', 1500)); }},
        {"a purge", two, [](World &world) { (void)world.grants().purge(); }},
    };
}

struct Meanwhile {
    const char *name;
    std::function<void(World &)> happens;
};

const Meanwhile meanwhiles[] = {
    {"nothing happens", [](World &) {}},
    {"ten minutes pass", [](World &world) { world.pass(600s); }},
    {"the clock is set a day forward", [](World &world) { world.clocks.time.wall += 24h; }},
    {"the clock is set a day back", [](World &world) { world.clocks.time.wall -= 24h; }},
    {"the machine boots",
     [](World &world) {
         if (world.boot == boot_one)
             world.reboot();
     }},
};

// A new process, which knows what is on disk; then everything must be as it should.
// Each takes its time under sanitizers, so a program may run every second one: the odd or the even.
enum class Share {
    all,
    even,
    odd
};
Share share = Share::all;

std::vector<Scenario> scenarios()
{
    std::vector<Scenario> mine;
    std::size_t number = 0;
    for (const Scenario &scenario : all_scenarios()) {
        const bool is_odd = number++ % 2 == 1;
        if (share == Share::all || (share == Share::odd) == is_odd)
            mine.push_back(scenario);
    }
    return mine;
}

void expect_agreement(World &world, const std::string &where)
{
    world.script.clear();
    if (!world.grants().reconcile().has_value())
        fail_because(where + ": reconcile fails");
    if (const std::string fault = find_fault(world); !fault.empty())
        fail_because(where + ": " + fault);
    if (!world.grants().grant(World::call('9')).has_value())
        fail_because(where + ": no fresh grant can be had");
    if (const std::string fault = find_fault(world); !fault.empty())
        fail_because(where + ", after a fresh grant: " + fault);
}

// --- the tests
// ------------------------------------------------------------------------------------

// Does it, to be killed at that moment. Returns whether it was over before.
[[maybe_unused]] bool act_until(World &world, const Scenario &scenario, int moment)
{
    scenario.prepare(world);
    world.script.clear();
    world.script.kill_at = moment;
    bool is_over = true;
    try {
        scenario.act(world);
    } catch (const Killed &) {
        is_over = false;
    }
    world.script.clear();
    return is_over;
}

[[maybe_unused]] void each_scenario_leaves_agreement_when_nothing_breaks(void **)
{
    for (const Scenario &scenario : scenarios()) {
        World world;
        scenario.prepare(world);
        scenario.act(world);
        expect_agreement(world, scenario.name);
    }
}

[[maybe_unused]] void a_kill_at_any_moment_is_mended_by_the_next_reconcile(void **)
{
    for (const Scenario &scenario : scenarios()) {
        for (const Meanwhile &meanwhile : meanwhiles) {
            bool is_over = false;
            for (int at = 0; !is_over; ++at) {
                World world;
                is_over = act_until(world, scenario, at);
                assert_true(at > 0 || !is_over); // there was a moment to be killed at
                meanwhile.happens(world);
                expect_agreement(world, std::string{scenario.name} + ", killed at moment " +
                                            std::to_string(at) + ", then " + meanwhile.name);
            }
        }
    }
}

[[maybe_unused]] void a_second_kill_at_any_moment_of_the_mending_is_mended_too(void **)
{
    for (const Scenario &scenario : scenarios()) {
        bool is_over = false;
        for (int first = 0; !is_over; ++first) {
            bool is_mended = false;
            for (int second = 0; !is_mended; ++second) {
                World world;
                is_over = act_until(world, scenario, first);
                world.script.kill_at = second;
                is_mended = true;
                try {
                    (void)world.grants().reconcile();
                } catch (const Killed &) {
                    is_mended = false;
                }
                expect_agreement(world, std::string{scenario.name} + ", killed at moments " +
                                            std::to_string(first) + " and " +
                                            std::to_string(second));
            }
        }
    }
}

[[maybe_unused]] void a_step_that_fails_is_mended_by_the_next_reconcile(void **)
{
    for (const Scenario &scenario : scenarios()) {
        for (const Meanwhile &meanwhile : meanwhiles) {
            for (const bool from_on : {false, true}) {
                for (const int error : {EIO, ENOSPC, EPERM}) {
                    bool is_hit = true;
                    for (int at = 0; is_hit; ++at) {
                        World world;
                        scenario.prepare(world);
                        world.script.clear();
                        world.script.fail_at = at;
                        world.script.fail_from_on = from_on;
                        world.script.fail_errno = error;
                        scenario.act(world);
                        is_hit = world.script.steps.size() > static_cast<std::size_t>(at);
                        assert_true(is_hit || at > 0);
                        world.script.clear();
                        meanwhile.happens(world);
                        expect_agreement(world, std::string{scenario.name} + ", step " +
                                                    std::to_string(at) + " and " +
                                                    (from_on ? "all after it fail" : "none after") +
                                                    ", then " + meanwhile.name);
                    }
                }
            }
        }
    }
}

// The mending itself fails at a step, or from it on, and is tried again half a minute later.
[[maybe_unused]] void a_reconcile_that_fails_at_any_step_is_made_good_by_the_next(void **)
{
    for (const Scenario &scenario : scenarios()) {
        bool is_over = false;
        for (int at = 0; !is_over; ++at) {
            for (const bool from_on : {false, true}) {
                bool is_hit = true;
                for (int step = 0; is_hit; ++step) {
                    World world;
                    is_over = act_until(world, scenario, at);
                    world.script.fail_at = step;
                    world.script.fail_from_on = from_on;
                    world.script.fail_errno = ENOSPC;
                    (void)world.grants().reconcile();
                    is_hit = world.script.steps.size() > static_cast<std::size_t>(step);
                    world.script.clear();
                    world.pass(30s);
                    expect_agreement(world, std::string{scenario.name} + ", killed at moment " +
                                                std::to_string(at) + ", reconcile failed at step " +
                                                std::to_string(step));
                }
            }
        }
    }
}

[[maybe_unused]] int run_faults(const char *name, Share which)
{
    share = which;
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_fails_is_mended_by_the_next_reconcile),
        cmocka_unit_test(a_reconcile_that_fails_at_any_step_is_made_good_by_the_next),
    };
    return cmocka_run_group_tests_name(name, tests, nullptr, nullptr);
}

} // namespace

} // namespace jit::grantd::test
