#include "tests/unit/cmocka_cpp.h"

#include "lib/ledger/limits.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

constexpr pid_t sudo = 500;
constexpr pid_t command = 501;
constexpr pid_t shell = 100;
const std::string first_scope = "jit-run-0000000000000001-500.scope";

// A grant of ten minutes that ends what runs, and alice's login with a sudo in it.
struct Begun : World {
    explicit Begun(bool ends = true)
    {
        policy::End &end = rules.policy.roles[0].end;
        end.grace = 7s;
        if (ends)
            end.action = policy::End::Action::terminate;
        assert_true(grants().grant(call('1')).has_value());
        add(shell, 50, 1000, 1000, "bash", "session-1.scope");
        add(sudo, 900, 1000, 0, "sudo", "session-1.scope");
        script.clear();
    }
    void add(pid_t pid, std::uint64_t start, uid_t real, uid_t effective, const std::string &name,
             const std::string &unit, std::vector<gid_t> groups = {1000})
    {
        processes.running[pid] = {pid, start, real, effective, std::move(groups), name};
        scopes.units[unit].insert(pid);
    }
    bool runs(pid_t pid) const { return processes.running.contains(pid); }
    Answer<ipc::ConfineReply> confine(pid_t pid = sudo) { return grants().confine({id('1'), pid}); }
    Entry entry()
    {
        return *ledger::decode_entry(get(places.state + "/grants/0000000000000001.json"));
    }
};

void a_session_is_noted_first_and_then_in_a_scope_that_ends_by_itself(void **)
{
    Begun world;
    world.pass(60s);
    const auto reply = world.confine();
    assert_true(reply.has_value());
    assert_true(reply->left == 540s);
    assert_int_equal(world.script.steps.size(), 2);
    assert_text(world.script.steps[0], "write 0000000000000001.json live");
    assert_text(world.script.steps[1], "scope " + first_scope);
    assert_true(world.scopes.last->left == 542s); // systemd's own, should ours not come
    assert_true(world.scopes.last->grace == 7s);
    assert_true(world.scopes.last->pids == std::vector<pid_t>{sudo});
    assert_int_equal(world.entry().runs.size(), 1);
}

void a_role_that_lets_run_confines_nothing(void **)
{
    Begun world{false};
    const auto reply = world.confine();
    assert_true(reply.has_value());
    assert_false(reply->left.has_value());
    assert_true(world.script.steps.empty());
}

void only_a_process_of_the_grants_user_is_confined(void **)
{
    Begun world;
    world.add(600, 900, 1001, 0, "sudo", "session-2.scope");
    world.add(601, 900, 0, 0, "sshd", "ssh.service");
    for (const pid_t pid : {600, 601})
        assert_true(world.confine(pid).refusal().kind == Refusal::Kind::refused);
    assert_true(world.confine(9999).refusal().kind == Refusal::Kind::unavailable);
    world.pass(600s);
    assert_true(world.confine().refusal().kind == Refusal::Kind::not_found);
    assert_true(world.grants().confine({World::id('9'), sudo}).refusal().kind ==
                Refusal::Kind::not_found);
    assert_true(world.script.steps.empty());
}

void what_cannot_be_confined_is_not_noted(void **)
{
    Begun world;
    world.script.fail_at = 1;
    assert_true(world.confine().refusal().kind == Refusal::Kind::unavailable);
    assert_true(world.entry().runs.empty());
}

void a_full_disk_lets_no_session_out_of_its_scope(void **)
{
    Begun world;
    world.script.fail_at = 0;
    world.script.fail_errno = ENOSPC;
    assert_true(world.confine().has_value());
    assert_true(world.entry().runs.empty());
    assert_true(world.scopes.units[first_scope].contains(sudo));
    world.script.clear();
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(world.runs(sudo));
}

// A process calls itself what it likes, and the ledger has to be read again.
void no_name_of_a_process_damages_the_ledger(void **)
{
    for (const std::string &name :
         {std::string{}, std::string{"\x1b[31m\n\r\t"}, std::string{"\xff\xfe\x80"},
          std::string{"\"\\, 1 init"}, std::string(64, 'x'), std::string{"\u202e\u200b\u00e9"},
          std::string(63, ' ')}) {
        Begun world;
        world.add(700, 950, 1000, 1000, name, "session-3.scope", {1000, 2001});
        assert_true(world.grants().end({World::id('1'), "revoked"}).has_value());
        const auto ledger = Ledger::read(world.places, world.disk);
        assert_true(ledger.has_value() && ledger->damaged().empty());
        assert_int_equal(world.entry().processes.size(), 1);
        assert_true(world.entry().processes[0].find_first_of("\n\r\x1b") == std::string::npos);
        assert_true(world.grants().grant(World::call('2')).has_value());
    }
}

// Whatever ends it: its timer, its user, root.
void all_that_runs_ends_with_the_grant_and_nothing_else_of_the_user(void **)
{
    for (const char *how : {"expired", "dropped", "revoked"}) {
        Begun world;
        assert_true(world.confine().has_value());
        world.add(command, 901, 0, 0, "vi", first_scope);
        world.script.clear();
        if (std::string{how} == "expired") {
            world.pass(600s);
            assert_true(world.grants().expire(World::id('1')).has_value());
        } else {
            assert_true(world.grants().end({World::id('1'), how}).has_value());
        }
        assert_false(world.runs(sudo) || world.runs(command));
        assert_true(world.runs(shell));
        assert_text(world.records.events.at(1), std::string{how} + " 0000000000000001");
        assert_text(world.records.events.at(2), "terminated 0000000000000001");
        const Entry entry = world.entry();
        assert_true(entry.processes == (std::vector<std::string>{"500 sudo", "501 vi"}));
        assert_true(entry.runs.empty());
        assert_int_equal(world.scopes.told.size(), 1);
    }
}

// The membership first, then the ledger, then the processes.
// sudo closes its session before it goes: it has its status from its command, not from us.
void a_program_that_has_closed_its_one_session_may_go_by_itself(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.add(command, 901, 0, 0, "sleep", first_scope);
    world.processes.leave_by_themselves = true;
    assert_true(world.grants().end({World::id('1'), "used"}).has_value());
    assert_true(world.entry().processes == std::vector<std::string>{"501 sleep"});
    assert_false(world.runs(command));
    Begun other;
    assert_true(other.confine().has_value());
    assert_true(other.grants().end({World::id('1'), "used"}).has_value());
    assert_false(other.runs(sudo)); // one that stays is ended
}

void an_end_takes_the_rights_before_the_processes(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.script.clear();
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_text(world.script.steps.at(0), "remove alice:jit-dba.membership");
    assert_text(world.script.steps.at(1), "write 0000000000000001.json ended owing");
    assert_text(world.script.steps.at(2), "stop " + first_scope);
}

// pam_systemd(8) made sudo a session of its own, as on Debian 13.
void a_run_that_got_a_session_of_its_own_is_found_there(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.scopes.units[first_scope].clear();
    world.add(sudo, 900, 1000, 0, "sudo", "session-9.scope");
    world.add(command, 901, 0, 0, "bash", "session-9.scope");
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(world.runs(sudo) || world.runs(command));
    assert_true(world.runs(shell));
}

void a_run_that_stands_in_an_older_session_ends_alone(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.scopes.units[first_scope].clear();
    world.scopes.units["session-1.scope"].insert(sudo);
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(world.runs(sudo));
    assert_true(world.runs(shell));
}

void a_pid_that_is_anothers_by_now_is_left_alone(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.scopes.units[first_scope].clear();
    world.add(sudo, 999, 1000, 1000, "firefox", "session-1.scope");
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_true(world.runs(sudo));
}

void who_still_holds_the_group_ends_too(void **)
{
    Begun world;
    world.add(700, 950, 1000, 1000, "bash", "session-3.scope", {1000, 2001});
    world.add(701, 950, 1001, 1001, "bash", "session-4.scope", {1001, 2001}); // bob's own
    assert_true(world.grants().end({World::id('1'), "revoked"}).has_value());
    assert_false(world.runs(700));
    assert_true(world.runs(701) && world.runs(shell));
    assert_true(world.entry().processes == std::vector<std::string>{"700 bash"});
}

void where_the_role_lets_run_the_record_says_who_holds_the_group(void **)
{
    Begun world{false};
    world.add(700, 950, 1000, 1000, "bash", "session-3.scope", {1000, 2001});
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_true(world.runs(700));
    assert_true(world.entry().processes == std::vector<std::string>{"700 bash"});
    assert_int_equal(world.records.events.size(), 2); // granted, dropped
    assert_true(world.scopes.told.empty());
}

void a_group_that_another_live_grant_gives_ends_nobody(void **)
{
    Begun world;
    assert_true(world.grants().grant(World::call('2', "ops")).has_value());
    world.add(700, 950, 1000, 1000, "bash", "session-3.scope", {1000, 2001});
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_true(world.runs(700));
}

void an_extension_moves_what_runs_to_a_later_end(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.add(command, 901, 0, 0, "vi", first_scope);
    world.pass(60s);
    assert_true(world.grants().extend(World::longer('1', 1200)).has_value());
    assert_true(world.scopes.last->left == 1202s);
    assert_true(world.scopes.units[first_scope].empty());
    assert_int_equal(world.scopes.units[world.scopes.last->name].size(), 2);
    world.pass(1200s);
    assert_true(world.grants().expire(World::id('1')).has_value());
    assert_false(world.runs(sudo) || world.runs(command));
    assert_true(world.runs(shell));
}

void a_run_in_a_session_of_its_own_is_extended_too(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.scopes.units[first_scope].clear();
    world.add(sudo, 900, 1000, 0, "sudo", "session-9.scope");
    assert_true(world.grants().extend(World::longer('1', 1200)).has_value());
    assert_true(world.scopes.units["session-9.scope"].empty());
    assert_true(world.runs(sudo));
}

// Every step of an end fails once, and a keeper comes after it.
void whatever_fails_at_the_end_is_made_good_by_a_keeper(void **)
{
    for (int step = 0; step < 6; ++step) {
        Begun world;
        assert_true(world.confine().has_value());
        world.script.clear();
        world.script.fail_at = step;
        (void)world.grants().end({World::id('1'), "dropped"});
        world.script.clear();
        (void)world.grants().reconcile();
        if (world.runs(sudo)) // it did not end at all
            assert_true(world.is_member("jit-dba"));
        world.pass(600s);
        (void)world.grants().expire(World::id('1'));
        assert_false(world.runs(sudo));
        assert_true(world.runs(shell));
    }
}

void what_systemd_does_not_end_is_owed_and_ended_by_the_next_reconcile(void **)
{
    for (const bool is_login : {false, true}) {
        Begun world;
        if (is_login)
            world.add(700, 950, 1000, 1000, "bash", "session-3.scope", {1000, 2001});
        else
            assert_true(world.confine().has_value());
        const pid_t pid = is_login ? 700 : sudo;
        world.scopes.refuses = true;
        assert_true(world.grants().end({World::id('1'), "revoked"}).has_value());
        assert_false(world.is_member("jit-dba"));
        assert_true(world.runs(pid) && world.entry().owes_end);
        assert_false(world.grants().reconcile().has_value());
        assert_true(world.runs(pid) && world.entry().owes_end);
        world.scopes.refuses = false;
        assert_true(world.grants().reconcile().has_value());
        assert_false(world.runs(pid) || world.entry().owes_end);
        // One end, one record.
        assert_int_equal(std::count(world.records.events.begin(), world.records.events.end(),
                                    "revoked 0000000000000001"),
                         1);
    }
}

// A kill at each moment of an end; then a new process reconciles.
void a_killed_end_leaves_nothing_running(void **)
{
    for (int moment = 0;; ++moment) {
        Begun world;
        assert_true(world.confine().has_value());
        world.script.clear();
        world.script.kill_at = moment;
        bool was_killed = false;
        try {
            (void)world.grants().end({World::id('1'), "revoked"});
        } catch (const Killed &) {
            was_killed = true;
        }
        world.script.clear();
        (void)world.grants().reconcile();
        if (!world.is_member("jit-dba"))
            assert_false(world.runs(sudo));
        assert_true(world.runs(shell));
        if (!was_killed)
            return;
    }
}

void a_scope_of_a_grant_that_is_over_is_stopped(void **)
{
    Begun world;
    world.add(800, 10, 0, 0, "vi", "jit-run-00000000000000ff-800.scope");
    world.add(801, 10, 0, 0, "vi", "jit-run-by-hand.scope");
    assert_true(world.grants().reconcile().has_value());
    assert_false(world.runs(800));
    assert_true(world.runs(801));
}

// The ledger can't take the end.
void a_full_disk_keeps_nobody_in(void **)
{
    Begun world;
    assert_true(world.confine().has_value());
    world.script.clear();
    world.script.fail_at = 1;
    world.script.fail_errno = ENOSPC;
    assert_false(world.grants().end({World::id('1'), "revoked"}).has_value());
    assert_false(world.is_member("jit-dba"));
    assert_false(world.runs(sudo));
}

void sessions_beyond_the_cap_are_ended_by_their_scopes_alone(void **)
{
    Begun world;
    for (pid_t pid = 2000; pid < 2000 + static_cast<pid_t>(ledger::max_runs) + 1; ++pid) {
        world.add(pid, 900, 1000, 0, "sudo", "session-1.scope");
        assert_true(world.confine(pid).has_value());
    }
    assert_int_equal(world.entry().runs.size(), ledger::max_runs);
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_false(world.runs(2000) || world.runs(2000 + static_cast<pid_t>(ledger::max_runs)));
    assert_int_equal(world.entry().processes.size(), ledger::max_processes_said);
}

void a_warning_is_told_and_only_of_a_live_grant(void **)
{
    Begun world;
    assert_true(world.grants().warn({World::id('1')}).has_value());
    assert_int_equal(world.scopes.told.size(), 1);
    assert_true(world.grants().warn({World::id('9')}).refusal().kind == Refusal::Kind::not_found);
    assert_true(world.grants().end({World::id('1'), "dropped"}).has_value());
    assert_true(world.grants().warn({World::id('1')}).refusal().kind == Refusal::Kind::not_found);
}

void who_is_revoked_is_told_whatever_the_role_says(void **)
{
    Begun world{false};
    assert_true(world.grants().end({World::id('1'), "revoked"}).has_value());
    assert_int_equal(world.scopes.told.size(), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_noted_first_and_then_in_a_scope_that_ends_by_itself),
        cmocka_unit_test(a_role_that_lets_run_confines_nothing),
        cmocka_unit_test(only_a_process_of_the_grants_user_is_confined),
        cmocka_unit_test(what_cannot_be_confined_is_not_noted),
        cmocka_unit_test(a_full_disk_lets_no_session_out_of_its_scope),
        cmocka_unit_test(no_name_of_a_process_damages_the_ledger),
        cmocka_unit_test(all_that_runs_ends_with_the_grant_and_nothing_else_of_the_user),
        cmocka_unit_test(a_program_that_has_closed_its_one_session_may_go_by_itself),
        cmocka_unit_test(an_end_takes_the_rights_before_the_processes),
        cmocka_unit_test(a_run_that_got_a_session_of_its_own_is_found_there),
        cmocka_unit_test(a_run_that_stands_in_an_older_session_ends_alone),
        cmocka_unit_test(a_pid_that_is_anothers_by_now_is_left_alone),
        cmocka_unit_test(who_still_holds_the_group_ends_too),
        cmocka_unit_test(where_the_role_lets_run_the_record_says_who_holds_the_group),
        cmocka_unit_test(a_group_that_another_live_grant_gives_ends_nobody),
        cmocka_unit_test(an_extension_moves_what_runs_to_a_later_end),
        cmocka_unit_test(a_run_in_a_session_of_its_own_is_extended_too),
        cmocka_unit_test(whatever_fails_at_the_end_is_made_good_by_a_keeper),
        cmocka_unit_test(what_systemd_does_not_end_is_owed_and_ended_by_the_next_reconcile),
        cmocka_unit_test(a_killed_end_leaves_nothing_running),
        cmocka_unit_test(a_scope_of_a_grant_that_is_over_is_stopped),
        cmocka_unit_test(a_full_disk_keeps_nobody_in),
        cmocka_unit_test(sessions_beyond_the_cap_are_ended_by_their_scopes_alone),
        cmocka_unit_test(a_warning_is_told_and_only_of_a_live_grant),
        cmocka_unit_test(who_is_revoked_is_told_whatever_the_role_says),
    };
    return cmocka_run_group_tests_name("jit_grantd/runs", tests, nullptr, nullptr);
}
