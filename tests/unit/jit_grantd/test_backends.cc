// Which way memberships are made, and what holds for grants in the host's group file.
#include "tests/unit/cmocka_cpp.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

using Setting = policy::Config::Backend;

struct Host : World {
    explicit Host(Setting setting = Setting::automatic)
    {
        rules.set.config.backend = setting;
        note_reconciled();
    }
    std::string group() const { return get(places.etc + "/group"); }
    bool is_in_file(const char *group_name) const
    {
        return accounts.is_in_file("alice", group_name);
    }
    std::size_t lines_with(const char *text) const
    {
        return static_cast<std::size_t>(
            std::count_if(records.lines.begin(), records.lines.end(), [&](const std::string &line) {
                return line.find(text) != std::string::npos;
            }));
    }
    Answer<ipc::GrantReply> ask(char last, const std::string &role = "dba")
    {
        return grants().grant(call(last, role));
    }
    void drop(char last) { assert_true(grants().end({id(last), "dropped"}).has_value()); }
};

// --- auto ---------------------------------------------------------------------------------------

void auto_takes_userdb_where_the_name_service_answers_for_it_and_says_so_once(void **)
{
    Host host;
    const auto reply = host.ask('1');
    assert_true(reply.has_value() && !reply->made);
    assert_true(host.is_member("jit-dba"));
    assert_true(host.ask('2', "ops").has_value());
    assert_int_equal(host.lines_with("backend auto: userdb"), 1);
    assert_true(host.group() == group_text);
}

void auto_takes_the_group_file_where_it_does_not(void **)
{
    Host host;
    host.accounts.answers = false;
    const auto reply = host.ask('1', "ops");
    assert_true(reply.has_value() && reply->made);
    assert_int_equal(reply->made->size(), 2);
    assert_true(host.is_in_file("jit-dba") && host.is_in_file("jit-ops"));
    assert_true(host.names(host.places.userdb).empty());
    assert_int_equal(host.lines_with("backend auto: etc-group"), 1);
    host.drop('1');
    assert_true(host.group() == group_text);
}

// The membership that is tried is of nobody: no user gets a right by it, not for a moment.
void the_probe_gives_nobody_anything_and_is_gone(void **)
{
    Host host;
    assert_true(host.ask('1').has_value());
    for (const std::string &name : host.disk.made)
        assert_true(name == "jit-probe:jit-dba.membership" || name == "alice:jit-dba.membership");
    assert_int_equal(host.names(host.places.userdb).size(), 1);
    assert_false(host.accounts.users.contains("jit-probe"));
}

void auto_tries_again_when_nsswitch_has_changed(void **)
{
    Host host;
    host.accounts.answers = false;
    assert_true(host.ask('1').has_value());
    host.drop('1');
    host.accounts.answers = true;
    assert_true(host.ask('2')->made.has_value()); // the same file: nothing is tried
    host.drop('2');
    host.put(host.places.etc + "/nsswitch.conf", "group: files systemd\n");
    assert_false(host.ask('3')->made.has_value());
    assert_int_equal(host.lines_with("backend auto:"), 2);
}

void auto_that_was_wrong_is_an_error_and_tries_again(void **)
{
    Host host;
    assert_true(host.ask('1').has_value());
    host.accounts.answers = false; // the library was removed, and nsswitch.conf is as it was
    assert_false(host.ask('2', "ops").has_value());
    assert_true(host.ask('3', "ops")->made.has_value());
}

void a_kill_while_auto_finds_out_leaves_nothing(void **)
{
    for (const bool answers : {true, false}) {
        bool is_over = false;
        for (int at = 0; !is_over; ++at) {
            Host host;
            host.accounts.answers = answers;
            host.script.kill_at = at;
            is_over = true;
            try {
                (void)host.ask('1');
            } catch (const Killed &) {
                is_over = false;
            }
            host.script.clear();
            host.pass(10min);
            assert_true(host.grants().reconcile().has_value());
            assert_true(host.names(host.places.userdb).empty() && host.group() == group_text);
            assert_true(host.ask('2').has_value());
        }
    }
}

void a_trial_finds_out_and_makes_no_membership_of_the_user(void **)
{
    Host host;
    host.accounts.answers = false;
    auto call = World::call('1');
    call.is_trial = true;
    assert_true(host.grants().grant(call).has_value());
    assert_true(host.is_clean());
}

// --- nscd ---------------------------------------------------------------------------------------

void a_cache_that_forgets_is_told_to_at_each_change(void **)
{
    Host host{Setting::userdb};
    host.accounts.cache = host.accounts.forgets = true;
    assert_true(host.ask('1').has_value());
    const int made = host.accounts.flushes;
    assert_true(made >= 1);
    host.drop('1');
    assert_true(host.accounts.flushes > made);
}

void auto_refuses_userdb_where_a_cache_does_not_forget(void **)
{
    Host host;
    host.accounts.cache = true;
    assert_true(host.ask('1')->made.has_value());
    assert_int_equal(host.lines_with("nscd"), 1);
    host.drop('1');
    assert_true(host.group() == group_text);
}

void an_end_that_the_cache_has_not_forgotten_is_none_and_is_tried_again(void **)
{
    Host host{Setting::userdb};
    assert_true(host.ask('1').has_value());
    host.accounts.cache = true;
    assert_false(host.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(host.is_member("jit-dba"));
    assert_false(host.grants().reconcile().has_value());
    host.accounts.forgets = true;
    assert_true(host.grants().reconcile().has_value());
    assert_true(host.timers.ids.empty());
}

// --- the group file -----------------------------------------------------------------------------

void a_grant_is_ended_by_the_way_it_was_made_whatever_is_configured_since(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1').has_value());
    host.rules.set.config.backend = Setting::userdb;
    assert_true(host.ask('2', "ops").has_value());
    assert_true(host.is_member("jit-dba") && host.is_in_file("jit-dba"));
    host.rules.set.config.backend = Setting::etc_group;
    host.drop('2');
    assert_true(host.names(host.places.userdb).empty());
    assert_true(host.is_in_file("jit-dba"));
    host.rules.set.config.backend = Setting::automatic;
    host.pass(601s);
    assert_true(host.grants().expire(World::id('1')).has_value());
    assert_true(host.group() == group_text);
}

void who_was_a_member_by_other_means_stays_one(void **)
{
    for (const char *means : {"file", "own", "elsewhere"}) {
        Host host{Setting::etc_group};
        std::string before{group_text};
        if (means == std::string_view{"file"}) {
            before.replace(before.find("2001:"), 5, "2001:alice");
            host.put(host.places.etc + "/group", before);
        } else if (means == std::string_view{"own"}) {
            host.accounts.users.at("alice").gid = 2001;
        } else {
            host.accounts.elsewhere.insert("alice:jit-dba");
        }
        const auto reply = host.ask('1', "ops");
        assert_true(reply.has_value() && reply->made);
        assert_int_equal(reply->made->size(), 1); // of the other group alone
        assert_text(reply->made->front(), "jit-ops");
        assert_int_equal(host.is_in_file("jit-dba"), means == std::string_view{"file"});
        assert_true(host.grants().reconcile().has_value()); // nothing of it is missing
        assert_true(host.timers.ids.contains(World::id('1')));
        host.drop('1');
        assert_true(host.group() == before);
        host.pass(30s);
        assert_true(host.grants().reconcile().has_value());
        assert_true(host.group() == before);
    }
}

void a_grant_whose_other_means_are_taken_away_ends(void **)
{
    Host host{Setting::etc_group};
    host.accounts.elsewhere.insert("alice:jit-dba");
    assert_true(host.ask('1', "ops").has_value());
    host.accounts.elsewhere.clear();
    assert_true(host.grants().reconcile().has_value());
    assert_text(host.records.events.back(), "revoked 0000000000000001");
    assert_true(host.group() == group_text);
}

void a_member_whom_somebody_else_removes_has_lost_the_grant(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1').has_value());
    host.put(host.places.etc + "/group", group_text);
    assert_true(host.grants().reconcile().has_value());
    assert_text(host.records.events.back(), "revoked 0000000000000001");
    assert_true(host.get(host.places.etc + "/gshadow") == gshadow_text);
}

void two_grants_of_one_group_keep_the_member_until_the_later_end(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1').has_value());
    assert_true(host.grants().grant(World::call('2', "ops", 900)).has_value());
    host.drop('1');
    assert_true(host.is_in_file("jit-dba"));
    host.drop('2');
    assert_true(host.group() == group_text);
}

// Memberships of the group file outlive a boot; the grant does not.
void the_first_reconcile_of_a_boot_removes_who_was_left_by_the_last(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1', "ops").has_value());
    host.reboot();
    assert_true(host.is_in_file("jit-dba"));
    assert_true(host.grants().reconcile().has_value());
    assert_true(host.group() == group_text);
    assert_text(host.records.events.back(), "reconciled 0000000000000001");
}

// Its boot id is that of the machine it runs on, and stays.
void regress_a_container_that_boots_is_known_by_its_empty_run(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1', "ops").has_value());
    const std::string before = host.boot;
    host.reboot();
    host.boot = before;
    host.clocks.time.boot += 2h;
    assert_true(host.grants().reconcile().has_value());
    assert_true(host.group() == group_text);
    assert_text(host.records.events.back(), "reconciled 0000000000000001");
    assert_true(host.timers.ids.empty());
    assert_true(host.ask('2', "ops").has_value());
    assert_true(host.grants().reconcile().has_value());
    assert_true(host.is_in_file("jit-ops"));
}

void what_cannot_be_removed_after_a_boot_keeps_every_door_shut(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1').has_value());
    host.reboot();
    host.put(host.places.etc + "/group.lock", std::to_string(getppid()));
    assert_false(host.grants().reconcile().has_value());
    assert_false(host.grants().is_reconciled());
    assert_int_equal(host.lines_with("/etc/group.lock"), 1);
    std::filesystem::remove(host.places.etc + "/group.lock");
    assert_true(host.grants().reconcile().has_value());
    assert_true(host.grants().is_reconciled() && host.group() == group_text);
}

// One open editor is waited for once, not by each of those that are due.
void ends_that_cannot_have_the_lock_wait_for_it_once(void **)
{
    Host host{Setting::etc_group};
    for (char last = '1'; last <= '9'; ++last)
        assert_true(host.ask(last).has_value());
    host.put(host.places.etc + "/group.lock", std::to_string(getppid()));
    host.pass(601s);
    const BootTime began = boot_time();
    assert_false(host.grants(300ms).expire(World::id('1')).has_value());
    assert_true(boot_time() - began < 900ms);
    std::filesystem::remove(host.places.etc + "/group.lock");
    assert_true(host.grants().expire(World::id('1')).has_value());
    assert_true(host.group() == group_text);
}

void a_damaged_entry_is_not_set_aside_where_it_may_stand_for_a_member(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1').has_value());
    host.put(host.places.state + "/grants/" + World::id('1') + ".json", "{");
    host.reboot();
    assert_false(host.grants().reconcile().has_value());
    assert_false(host.grants().is_reconciled());
    assert_true(host.has_file(host.places.state + "/grants/" + World::id('1') + ".json"));
    assert_int_equal(host.lines_with("/etc/group"), 1);
}

void a_group_that_is_not_in_the_file_is_refused_before_anybody_signs_in(void **)
{
    Host host{Setting::etc_group};
    host.put(host.places.etc + "/group", "root:x:0:\n");
    auto call = World::call('1');
    call.is_trial = true;
    const auto no = host.grants().grant(call);
    assert_false(no.has_value());
    assert_true(no.refusal().text.find("the group is not in the group file") != std::string::npos);
}

void what_jit_has_put_into_the_file_is_no_standing_membership(void **)
{
    Host host{Setting::etc_group};
    auto &ops = host.rules.policy.roles[1];
    ops.requesters = {{policy::Requester::Kind::local_group, "jit-dba"}};
    host.accounts.local = {"jit-dba"};
    assert_true(host.ask('1', "ops").has_value()); // by right
    host.drop('1');
    host.pass(10min);
    assert_true(host.ask('2', "dba").has_value()); // who was not in it has it by jit
    assert_false(host.ask('3', "ops").has_value());
    host.drop('2');
    assert_false(host.ask('4', "ops").has_value()); // somebody may have written it back
    host.pass(121s);
    assert_true(host.ask('5', "ops").has_value());
}

void the_list_says_where_a_membership_is(void **)
{
    Host host{Setting::etc_group};
    assert_true(host.ask('1').has_value());
    host.rules.set.config.backend = Setting::userdb;
    assert_true(host.ask('2', "ops").has_value());
    const auto list = host.grants().list();
    assert_true(list.has_value());
    assert_text(list->entries[0].backend, "etc-group");
    assert_text(list->entries[1].backend, "userdb");
}

} // namespace

int main()
{
    if (geteuid() != 0) {
        print_message("skipped: only root can make files that are root's\n");
        return 0;
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(auto_takes_userdb_where_the_name_service_answers_for_it_and_says_so_once),
        cmocka_unit_test(auto_takes_the_group_file_where_it_does_not),
        cmocka_unit_test(the_probe_gives_nobody_anything_and_is_gone),
        cmocka_unit_test(auto_tries_again_when_nsswitch_has_changed),
        cmocka_unit_test(auto_that_was_wrong_is_an_error_and_tries_again),
        cmocka_unit_test(a_kill_while_auto_finds_out_leaves_nothing),
        cmocka_unit_test(a_trial_finds_out_and_makes_no_membership_of_the_user),
        cmocka_unit_test(a_cache_that_forgets_is_told_to_at_each_change),
        cmocka_unit_test(auto_refuses_userdb_where_a_cache_does_not_forget),
        cmocka_unit_test(an_end_that_the_cache_has_not_forgotten_is_none_and_is_tried_again),
        cmocka_unit_test(a_grant_is_ended_by_the_way_it_was_made_whatever_is_configured_since),
        cmocka_unit_test(who_was_a_member_by_other_means_stays_one),
        cmocka_unit_test(a_grant_whose_other_means_are_taken_away_ends),
        cmocka_unit_test(a_member_whom_somebody_else_removes_has_lost_the_grant),
        cmocka_unit_test(two_grants_of_one_group_keep_the_member_until_the_later_end),
        cmocka_unit_test(the_first_reconcile_of_a_boot_removes_who_was_left_by_the_last),
        cmocka_unit_test(regress_a_container_that_boots_is_known_by_its_empty_run),
        cmocka_unit_test(what_cannot_be_removed_after_a_boot_keeps_every_door_shut),
        cmocka_unit_test(ends_that_cannot_have_the_lock_wait_for_it_once),
        cmocka_unit_test(a_damaged_entry_is_not_set_aside_where_it_may_stand_for_a_member),
        cmocka_unit_test(a_group_that_is_not_in_the_file_is_refused_before_anybody_signs_in),
        cmocka_unit_test(what_jit_has_put_into_the_file_is_no_standing_membership),
        cmocka_unit_test(the_list_says_where_a_membership_is),
    };
    return cmocka_run_group_tests_name("jit_grantd/backends", tests, nullptr, nullptr);
}
