#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

std::string join(const std::vector<std::string> &steps)
{
    std::string text;
    for (const std::string &each : steps)
        text += each + "\n";
    return text;
}

void granting_goes_timer_ledger_accepted_membership_name_service_record_ledger_running(void **)
{
    World world;
    const auto reply = world.grants().grant(World::call('1'));
    assert_true(reply.has_value());
    // systemd takes the timer while the disk takes the entry, and starts it while the rest is done.
    assert_text(join(world.script.trace), "arm 0000000000000001\n"
                                          "write 0000000000000001.json granting\n"
                                          "accept 0000000000000001\n"
                                          "write alice:jit-dba.membership\n"
                                          "ask name service\n"
                                          "record granted 0000000000000001\n"
                                          "write 0000000000000001.json live unsynced\n"
                                          "run 0000000000000001\n");
    assert_true((reply->until - reply->since) == 600s);
    assert_text(reply->groups.at(0), "jit-dba");
    assert_text(join(world.records.events), "granted 0000000000000001\n");
    // An empty membership would be a mask; the content is the contract's.
    assert_text(world.get(world.places.userdb + "/alice:jit-dba.membership"), "{}\n");
}

// Fails at this step, refused; what happened before.
std::string trace_of_failure_at(World &world, int step)
{
    world.script.fail_at = step;
    const auto answer = world.grants().grant(World::call('1'));
    assert_false(answer.has_value());
    assert_int_equal(static_cast<int>(answer.refusal().kind),
                     static_cast<int>(Refusal::Kind::unavailable));
    assert_true(world.is_clean());
    return join(world.script.steps);
}

void no_membership_is_made_of_a_timer_that_is_not_accepted(void **)
{
    World world;
    assert_text(trace_of_failure_at(world, 2), "arm 0000000000000001\n"
                                               "write 0000000000000001.json granting\n"
                                               "accept 0000000000000001 FAILS\n"
                                               "remove alice:jit-dba.membership\n"
                                               "disarm 0000000000000001\n"
                                               "remove 0000000000000001.json\n");
    assert_true(world.disk.made.empty());
    assert_true(world.records.events.empty());
}

void nor_before_the_ledger_has_it(void **)
{
    World world;
    assert_text(trace_of_failure_at(world, 1), "arm 0000000000000001\n"
                                               "write 0000000000000001.json granting FAILS\n"
                                               "remove alice:jit-dba.membership\n"
                                               "disarm 0000000000000001\n"
                                               "remove 0000000000000001.json\n");
    assert_true(world.disk.made.empty());
}

void nothing_is_written_for_a_timer_that_can_not_be_asked_for(void **)
{
    World world;
    (void)trace_of_failure_at(world, 0);
    assert_true(world.disk.made.empty());
    assert_false(world.has_file(world.places.state + "/grants/0000000000000001.json"));
    assert_true(world.script.steps.at(1).find("remove") == 0);
}

void a_timer_that_is_accepted_and_does_not_run_undoes_the_grant(void **)
{
    World world;
    world.timers.runs = false;
    const auto answer = world.grants().grant(World::call('1', "ops"));
    assert_false(answer.has_value());
    assert_int_equal(static_cast<int>(answer.refusal().kind),
                     static_cast<int>(Refusal::Kind::unavailable));
    assert_true(world.is_clean());
    assert_int_equal(world.disk.made.size(), 2); // it was as good as granted
    assert_text(join(world.records.events), "granted 0000000000000001\n"
                                            "reconciled 0000000000000001\n");
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.is_clean());
    world.timers.runs = true;
    assert_true(world.grants().grant(World::call('1', "ops")).has_value());
}

void such_a_grant_that_can_not_be_undone_does_not_go_on(void **)
{
    World world;
    world.timers.runs = false;
    world.script.fail_at = 6; // its membership can't be removed
    assert_false(world.grants().grant(World::call('1')).has_value());
    assert_text(world.script.steps.at(6), "remove alice:jit-dba.membership FAILS");
    assert_true(world.is_member("jit-dba"));
    world.timers.runs = true;
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_false(world.is_member("jit-dba"));
    assert_true(world.timers.ids.empty());
    assert_text(world.grants().list()->entries.at(0).cause.value_or(""), "interrupted");
}

void systemd_greets_while_a_grant_is_checked_and_never_for_a_trial(void **)
{
    World world;
    ipc::GrantCall call = World::call('1');
    call.is_trial = true;
    assert_true(world.grants().grant(call).has_value());
    assert_int_equal(world.timers.prepared, 0);
    call.is_trial = false;
    call.role = "none such";
    assert_false(world.grants().grant(call).has_value());
    assert_int_equal(world.timers.prepared, 1);
    assert_true(world.script.steps.empty()); // nothing was asked for
}

void ending_goes_membership_ledger_record_ledger_timer(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.script.clear();
    const auto reply = world.grants().end({World::id('1'), "dropped"});
    assert_true(reply.has_value() && reply->ended);
    assert_text(join(world.script.trace), "remove alice:jit-dba.membership\n"
                                          "write 0000000000000001.json ended owing\n"
                                          "record dropped 0000000000000001\n"
                                          "write 0000000000000001.json ended\n"
                                          "disarm 0000000000000001\n");
    assert_text(world.records.events.back(), "dropped 0000000000000001");
    assert_false(world.is_member("jit-dba"));
}

void a_use_is_noted_once_and_ends_nothing(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.script.clear();
    const auto reply = world.grants().use({World::id('1')});
    assert_true(reply.has_value() && !reply->ended);
    assert_text(join(world.script.trace), "write 0000000000000001.json live\n");
    assert_true(
        world.get(world.places.state + "/grants/0000000000000001.json").find("\"used\":true") !=
        std::string::npos);
    assert_true(world.is_member("jit-dba"));
    // Another process has it from the ledger.
    world.script.clear();
    assert_false(world.grants().use({World::id('1')})->ended);
    assert_text(join(world.script.trace), "");
    assert_true(world.grants().end({World::id('1'), "used"})->ended);
    assert_text(world.records.events.back(), "expired 0000000000000001");
    assert_false(world.is_member("jit-dba"));
}

void a_use_of_an_ended_grant_or_of_none_is_not_noted(void **)
{
    World world;
    const auto none = world.grants().use({World::id('1')});
    assert_false(none.has_value());
    assert_true(none.refusal().kind == Refusal::Kind::not_found);
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    world.script.clear();
    const auto ended = world.grants().use({World::id('1')});
    assert_true(ended.has_value() && ended->ended);
    assert_text(join(world.script.trace), "");
}

void a_use_that_can_not_be_noted_is_said_to_be_so(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.script.clear();
    world.script.fail_at = 0;
    const auto reply = world.grants().use({World::id('1')});
    assert_false(reply.has_value());
    assert_true(reply.refusal().kind == Refusal::Kind::unavailable);
    world.script.clear();
    assert_true(world.grants().use({World::id('1')}).has_value());
    assert_true(
        world.get(world.places.state + "/grants/0000000000000001.json").find("\"used\":true") !=
        std::string::npos);
}

void a_failure_at_any_step_of_granting_leaves_no_debris(void **)
{
    World whole;
    assert_true(whole.grants().grant(World::call('1', "ops")).has_value());
    const int count = static_cast<int>(whole.script.steps.size());
    assert_int_equal(count, 9);
    for (int at = 0; at < count; ++at) {
        World world;
        world.script.fail_at = at;
        const auto answer = world.grants().grant(World::call('1', "ops"));
        assert_false(answer.has_value());
        assert_int_equal(static_cast<int>(answer.refusal().kind),
                         static_cast<int>(Refusal::Kind::unavailable));
        assert_true(world.is_clean());
        // At the last two steps it has been recorded already, and so is its end.
        const bool is_recorded = at >= count - 2;
        assert_int_equal(world.records.events.size(), is_recorded ? 2 : 0);
        if (is_recorded)
            assert_text(world.records.events.back(), "reconciled 0000000000000001");
        // The same request may be made again.
        world.script.clear();
        assert_true(world.grants().grant(World::call('1', "ops")).has_value());
    }
}

// As a crash would have it: nothing works from that step on, then reconcile comes.
void a_crash_at_any_step_of_granting_is_taken_back_by_reconcile(void **)
{
    for (int at = 0; at < 8; ++at) { // all but the last
        World world;
        world.script.fail_at = at;
        world.script.fail_from_on = true;
        assert_false(world.grants().grant(World::call('1', "ops")).has_value());
        world.script.clear();
        assert_true(world.grants().reconcile().has_value());
        assert_false(world.is_member("jit-dba"));
        assert_false(world.is_member("jit-ops"));
        assert_true(world.timers.ids.empty());
        const auto list = world.grants().list();
        assert_true(list.has_value());
        for (const ipc::GrantEntry &entry : list->entries) {
            assert_false(entry.live);
            assert_text(entry.cause.value_or(""), "interrupted");
        }
    }
}

// At the last one it is whole, but for its caller, who was told no and asks for its end.
void a_crash_at_the_last_step_of_granting_leaves_a_grant_with_a_timer(void **)
{
    World world;
    world.script.fail_at = 8;
    world.script.fail_from_on = true;
    assert_false(world.grants().grant(World::call('1', "ops")).has_value());
    assert_text(world.script.steps.at(8), "run 0000000000000001 FAILS");
    world.script.clear();
    assert_true(world.grants().reconcile().has_value());
    assert_true(world.is_member("jit-ops"));
    assert_true(world.timers.ids.contains(World::id('1')));
    assert_true(world.grants().end({World::id('1'), "interrupted"})->ended);
    assert_false(world.is_member("jit-ops"));
    assert_text(world.records.events.back(), "reconciled 0000000000000001");
}

void a_failure_at_any_step_of_ending_is_made_good_later(void **)
{
    for (int at = 0; at < 4; ++at) {
        World world;
        assert_true(world.grants().grant(World::call('1', "ops")).has_value());
        world.script.clear();
        world.script.fail_at = at;
        (void)world.grants().expire(World::id('1'));
        world.script.clear();
        assert_true(world.grants().expire(World::id('1')).has_value());
        assert_true(world.grants().reconcile().has_value());
        assert_true(world.names(world.places.userdb).empty());
        const auto list = world.grants().list();
        assert_false(list->entries.at(0).live);
    }
}

void a_full_disk_does_not_keep_the_membership(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    world.script.clear();
    world.script.fail_at = 1; // the ledger's write
    assert_false(world.grants().expire(World::id('1')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_false(world.records.lines.empty());
}

void a_name_service_that_does_not_answer_is_named(void **)
{
    World world;
    world.accounts.answers = false;
    const auto answer = world.grants().grant(World::call('1'));
    assert_false(answer.has_value());
    assert_true(answer.refusal().text.find("libnss-systemd") != std::string::npos);
    assert_true(world.is_clean());
}

void ending_what_was_never_granted_is_not_found(void **)
{
    World world;
    const auto answer = world.grants().end({World::id('9'), "dropped"});
    assert_false(answer.has_value());
    assert_int_equal(static_cast<int>(answer.refusal().kind),
                     static_cast<int>(Refusal::Kind::not_found));
}

void ending_twice_says_so(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().end({World::id('1'), "dropped"})->ended);
    assert_false(world.grants().end({World::id('1'), "revoked"})->ended);
    assert_text(world.grants().list()->entries.at(0).cause.value_or(""), "dropped");
}

void a_shared_group_stays_until_the_later_end(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 600)).has_value());
    assert_true(world.grants().grant(World::call('2', "ops", 1200)).has_value());
    world.pass(601s);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_true(world.is_member("jit-dba"));
    assert_true(world.is_member("jit-ops"));
    world.pass(600s);
    assert_true(world.grants().expire(World::id('2')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_false(world.is_member("jit-ops"));
}

void a_shared_group_does_not_stay_for_a_grant_that_is_due(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 600)).has_value());
    assert_true(world.grants().grant(World::call('2', "ops", 600)).has_value());
    world.pass(601s);
    world.script.clear();
    world.script.fail_at = 3; // the second end can't be done
    world.script.fail_from_on = true;
    (void)world.grants().expire(World::id('1'));
    assert_false(world.is_member("jit-dba"));
}

void a_failed_second_grant_leaves_the_first_its_group(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba")).has_value());
    for (int at = 0; at < 7; ++at) {
        world.script.clear();
        world.script.fail_at = at;
        assert_false(world.grants().grant(World::call('2', "ops")).has_value());
        assert_true(world.is_member("jit-dba"));
        assert_false(world.is_member("jit-ops"));
    }
}

void a_membership_of_other_hands_is_not_removed(void **)
{
    World world;
    std::filesystem::create_directory(world.places.userdb);
    const std::string file = world.places.userdb + "/alice:jit-dba.membership";
    world.put(file, "{\"by\":\"the administrator\"}");
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().grant(World::call('2', "ops")).has_value());
    assert_true(world.grants().purge().has_value());
    assert_text(world.get(file), "{\"by\":\"the administrator\"}");
    assert_false(world.is_member("jit-ops"));
}

void expiry_by_wall_clock_ends_others_that_are_due(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    assert_true(world.grants().grant(World::call('2', "ops", 120)).has_value());
    world.clocks.time.wall += 120s;
    assert_true(world.grants().expire("ffffffffffffffff").has_value());
    assert_true(world.names(world.places.userdb).empty());
    assert_true(world.timers.ids.empty());
}

void expiry_by_time_since_boot_ends_though_the_clock_was_set_back(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    world.clocks.time.wall -= 86400s;
    world.clocks.time.boot += 60s;
    assert_true(world.grants().expire("ffffffffffffffff").has_value());
    assert_false(world.is_member("jit-dba"));
}

void a_grant_is_not_due_a_second_before_its_end(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    world.pass(59s);
    assert_true(world.grants().expire("ffffffffffffffff").has_value());
    assert_true(world.is_member("jit-dba"));
    assert_true(world.grants().list()->entries.at(0).live);
    world.pass(1s);
    assert_false(world.grants().list()->entries.at(0).live);
}

void a_named_grant_is_ended_though_it_is_not_due(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_text(world.records.events.back(), "expired 0000000000000001");
}

void an_unknown_id_expires_without_an_error(void **)
{
    World world;
    assert_true(world.grants().expire("ffffffffffffffff").has_value());
}

void one_end_that_fails_does_not_stop_the_others(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba", 60)).has_value());
    world.rules.set.config.users["bob"] = alice_oid;
    auto bobs = World::call('2', "dba", 60);
    bobs.user = "bob";
    assert_true(world.grants().grant(bobs).has_value());
    world.pass(60s);
    world.script.clear();
    world.script.fail_at = 0; // the first membership can't be removed
    assert_false(world.grants().expire(World::id('1')).has_value());
    assert_true(world.is_member("jit-dba"));
    assert_false(world.has_file(world.places.userdb + "/bob:jit-dba.membership"));
}

// As so many grants of alice's would have left them: copies of one, from 1000 on.
void put_copies(World &world, const std::string &text, char of, std::size_t count)
{
    for (std::size_t i = 0x1000; i < 0x1000 + count; ++i) {
        char id[17];
        (void)snprintf(id, sizeof id, "%016zx", i);
        std::string copy = text;
        copy.replace(copy.find(World::id(of)), 16, id);
        world.put(world.places.state + "/grants/" + id + ".json", copy);
    }
}

void the_number_of_live_grants_is_capped(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('0')).has_value());
    put_copies(world, world.get(world.places.state + "/grants/" + World::id('0') + ".json"), '0',
               max_live - 2);
    assert_true(world.grants().grant(World::call('1')).has_value());
    const auto answer = world.grants().grant(World::call('2'));
    assert_false(answer.has_value());
    assert_true(answer.refusal().text.find("too many") != std::string::npos);
    assert_true(world.grants().end({World::id('0'), "dropped"}).has_value());
    assert_true(world.grants().grant(World::call('2')).has_value());
}

std::size_t bytes_of(const ipc::GrantList &list)
{
    const ipc::Json json = ipc::encode(list);
    const std::unique_ptr<char, decltype(&std::free)> text{json_dumps(json.get(), JSON_COMPACT),
                                                           &std::free};
    return std::strlen(text.get());
}

// Of the largest role that there is.
World &with_large_grants(World &world, std::size_t count)
{
    std::vector<std::string> groups;
    for (int i = 10; i < 50; ++i) {
        groups.push_back(std::string(62, 'g') + std::to_string(i));
        world.accounts.groups[groups.back()] = static_cast<gid_t>(3000 + i);
    }
    world.rules.policy.roles = {make_role(std::string(64, 'r'), groups)};
    for (std::size_t i = 0; i < count; ++i) {
        auto call = World::call('0', std::string(64, 'r'));
        // Those that are granted first come last in the order of ids.
        call.id[13] = "0123456789abcdef"[15 - i / 16];
        call.id[14] = "0123456789abcdef"[15 - i % 16];
        assert_true(world.grants().grant(call).has_value());
    }
    return world;
}

void each_page_of_the_list_fits_into_a_frame_and_all_grants_come_once(void **)
{
    World made;
    const World &world = with_large_grants(made, 100);
    std::vector<std::string> ids;
    ipc::GrantListCall call;
    std::size_t pages = 0;
    do {
        const auto page = made.grants().list(call);
        assert_true(page.has_value());
        assert_true(bytes_of(*page) <= 64 * 1024 - 64);
        if (page->next) // full, but for the last one
            assert_true(bytes_of(*page) >= 60'000);
        for (const ipc::GrantEntry &entry : page->entries)
            ids.push_back(entry.id);
        call.after = page->next;
        ++pages;
    } while (call.after);
    assert_int_equal(ids.size(), 100);
    assert_true(std::is_sorted(ids.begin(), ids.end()));
    assert_true(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
    assert_in_range(pages, 4, 8);
    assert_int_equal(world.names(world.places.userdb).size(), 40);
}

void what_begins_and_ends_between_two_pages_neither_hides_nor_repeats_another(void **)
{
    World world;
    (void)with_large_grants(world, 40);
    const auto first = world.grants().list();
    assert_true(first.has_value() && first->next);
    // The very one that the next page comes after has ended and is forgotten meanwhile.
    assert_true(world.grants().end({*first->next, "dropped"}).has_value());
    std::filesystem::remove(world.places.state + "/grants/" + *first->next + ".json");
    auto call = World::call('0', std::string(64, 'r'));
    call.id = "ffffffffffffffff";
    assert_true(world.grants().grant(call).has_value());
    std::size_t seen = first->entries.size();
    ipc::GrantListCall next{first->next};
    while (next.after) {
        const auto page = world.grants().list(next);
        for (const ipc::GrantEntry &entry : page->entries)
            assert_true(entry.id > *first->next);
        seen += page->entries.size();
        next.after = page->next;
    }
    assert_int_equal(seen, 41);
}

void a_page_after_the_last_is_empty(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    const auto page = world.grants().list({World::id('1')});
    assert_true(page.has_value() && page->entries.empty() && !page->next);
}

void purge_ends_all_and_works_where_nothing_ever_was(void **)
{
    World empty;
    assert_true(empty.grants().purge().has_value());
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().grant(World::call('2', "ops")).has_value());
    assert_true(world.grants().purge().has_value());
    assert_true(world.names(world.places.userdb).empty());
    assert_true(world.timers.ids.empty());
}

void the_list_has_live_and_ended_grants_in_the_order_of_their_ids(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1', "dba")).has_value());
    world.pass(1s);
    assert_true(world.grants().grant(World::call('2', "ops")).has_value());
    assert_true(world.grants().end({World::id('1'), "revoked"}).has_value());
    const auto list = world.grants().list();
    assert_int_equal(list->entries.size(), 2);
    assert_text(list->entries[0].id, World::id('1'));
    assert_text(list->entries[0].cause.value_or(""), "revoked");
    assert_text(list->entries[1].id, World::id('2'));
    assert_true(list->entries[1].live && !list->entries[1].cause);
    assert_false(list->next.has_value());
}

// Ends read the whole ledger: one that grew past its cap would let every live grant go on.
void regress_a_ledger_full_of_ended_grants_takes_no_more_and_still_ends(void **)
{
    World world;
    assert_true(world.grants().grant(World::call('1')).has_value());
    assert_true(world.grants().grant(World::call('2')).has_value());
    assert_true(world.grants().end({World::id('2'), "dropped"}).has_value());
    const std::string folder = world.places.state + "/grants/";
    const std::string ended = world.get(folder + World::id('2') + ".json");
    put_copies(world, ended, '2', max_entries);
    const auto refused = world.grants().grant(World::call('3'));
    assert_false(refused.has_value());
    assert_int_equal(static_cast<int>(refused.refusal().kind),
                     static_cast<int>(Refusal::Kind::refused));
    world.pass(601s);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_false(world.is_member("jit-dba"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(
            granting_goes_timer_ledger_accepted_membership_name_service_record_ledger_running),
        cmocka_unit_test(no_membership_is_made_of_a_timer_that_is_not_accepted),
        cmocka_unit_test(nor_before_the_ledger_has_it),
        cmocka_unit_test(nothing_is_written_for_a_timer_that_can_not_be_asked_for),
        cmocka_unit_test(a_timer_that_is_accepted_and_does_not_run_undoes_the_grant),
        cmocka_unit_test(such_a_grant_that_can_not_be_undone_does_not_go_on),
        cmocka_unit_test(systemd_greets_while_a_grant_is_checked_and_never_for_a_trial),
        cmocka_unit_test(ending_goes_membership_ledger_record_ledger_timer),
        cmocka_unit_test(a_use_is_noted_once_and_ends_nothing),
        cmocka_unit_test(a_use_of_an_ended_grant_or_of_none_is_not_noted),
        cmocka_unit_test(a_use_that_can_not_be_noted_is_said_to_be_so),
        cmocka_unit_test(a_failure_at_any_step_of_granting_leaves_no_debris),
        cmocka_unit_test(a_crash_at_any_step_of_granting_is_taken_back_by_reconcile),
        cmocka_unit_test(a_crash_at_the_last_step_of_granting_leaves_a_grant_with_a_timer),
        cmocka_unit_test(a_failure_at_any_step_of_ending_is_made_good_later),
        cmocka_unit_test(a_full_disk_does_not_keep_the_membership),
        cmocka_unit_test(a_name_service_that_does_not_answer_is_named),
        cmocka_unit_test(ending_what_was_never_granted_is_not_found),
        cmocka_unit_test(ending_twice_says_so),
        cmocka_unit_test(a_shared_group_stays_until_the_later_end),
        cmocka_unit_test(a_shared_group_does_not_stay_for_a_grant_that_is_due),
        cmocka_unit_test(a_failed_second_grant_leaves_the_first_its_group),
        cmocka_unit_test(a_membership_of_other_hands_is_not_removed),
        cmocka_unit_test(expiry_by_wall_clock_ends_others_that_are_due),
        cmocka_unit_test(expiry_by_time_since_boot_ends_though_the_clock_was_set_back),
        cmocka_unit_test(a_grant_is_not_due_a_second_before_its_end),
        cmocka_unit_test(a_named_grant_is_ended_though_it_is_not_due),
        cmocka_unit_test(an_unknown_id_expires_without_an_error),
        cmocka_unit_test(one_end_that_fails_does_not_stop_the_others),
        cmocka_unit_test(the_number_of_live_grants_is_capped),
        cmocka_unit_test(each_page_of_the_list_fits_into_a_frame_and_all_grants_come_once),
        cmocka_unit_test(what_begins_and_ends_between_two_pages_neither_hides_nor_repeats_another),
        cmocka_unit_test(a_page_after_the_last_is_empty),
        cmocka_unit_test(purge_ends_all_and_works_where_nothing_ever_was),
        cmocka_unit_test(the_list_has_live_and_ended_grants_in_the_order_of_their_ids),
        cmocka_unit_test(regress_a_ledger_full_of_ended_grants_takes_no_more_and_still_ends),
    };
    return cmocka_run_group_tests_name("jit_grantd/grants", tests, nullptr, nullptr);
}
