// Members whom a program writes back that had read the group file before the end.
#include "tests/unit/cmocka_cpp.h"

#include <unistd.h>

#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

struct Host : World {
    Host()
    {
        rules.set.config.backend = policy::Config::Backend::etc_group;
        note_reconciled();
    }
    std::string path(const char *name) const { return places.etc + "/" + name; }
    void grant(char last, const std::string &role = "ops", int seconds = 600)
    {
        assert_true(grants().grant(call(last, role, seconds)).has_value());
    }
    void end(char last) { assert_true(grants().end({id(last), "dropped"}).has_value()); }
    void reconcile() { assert_true(grants().reconcile().has_value()); }
    bool is_as_before() const
    {
        return get(path("group")) == group_text && get(path("gshadow")) == gshadow_text;
    }
    bool has_warned() const
    {
        return std::any_of(records.lines.begin(), records.lines.end(), [](const std::string &line) {
            return line.find("has written it back") != std::string::npos;
        });
    }
};

void a_member_who_is_written_back_is_removed_again_with_a_warning(void **)
{
    for (const char *file : {"group", "gshadow"}) {
        Host host;
        host.grant('1');
        const std::string there = host.get(host.path(file));
        host.end('1');
        host.put(host.path(file), there);
        host.pass(29s);
        host.reconcile();
        assert_true(host.is_as_before());
        assert_true(host.has_warned());
    }
}

void an_end_by_the_timer_and_one_by_a_boot_are_looked_after_too(void **)
{
    for (const bool boots : {false, true}) {
        Host host;
        host.grant('1');
        const std::string there = host.get(host.path("group"));
        if (boots) {
            host.reboot();
            host.reconcile();
        } else {
            host.pass(600s);
            assert_true(host.grants().expire(World::id('1')).has_value());
        }
        assert_true(host.is_as_before());
        host.put(host.path("group"), there);
        host.pass(119s);
        host.reconcile();
        assert_true(host.is_as_before() && host.has_warned());
    }
}

void who_is_made_a_member_later_is_one_by_right(void **)
{
    Host host;
    host.grant('1');
    const std::string there = host.get(host.path("group"));
    host.end('1');
    host.pass(121s);
    host.put(host.path("group"), there);
    host.reconcile();
    assert_true(host.get(host.path("group")) == there);
    assert_false(host.has_warned());
    // Nor is he removed by a grant that begins and ends.
    host.grant('2', "dba");
    host.end('2');
    host.reconcile();
    assert_true(host.get(host.path("group")) == there);
}

void a_member_whom_another_grant_needs_stays(void **)
{
    Host host;
    host.grant('1', "dba");
    host.end('1');
    host.grant('2', "dba");
    host.reconcile();
    assert_true(host.accounts.is_in_file("alice", "jit-dba"));
    assert_false(host.has_warned());
    host.end('2');
    assert_true(host.is_as_before());
}

void a_remnant_that_a_new_grant_finds_is_not_taken_for_a_right(void **)
{
    Host host;
    host.grant('1', "dba");
    const std::string there = host.get(host.path("group"));
    host.end('1');
    host.put(host.path("group"), there);
    host.grant('2', "dba");
    host.end('2');
    assert_true(host.is_as_before());
}

void what_was_there_before_is_no_remnant(void **)
{
    Host host;
    std::string before{group_text};
    before.replace(before.find("2001:"), 5, "2001:alice");
    host.put(host.path("group"), before);
    host.grant('1');
    host.end('1');
    host.reconcile();
    assert_true(host.get(host.path("group")) == before);
    assert_false(host.has_warned());
}

void a_remnant_that_cannot_be_removed_is_reported_and_tried_again(void **)
{
    Host host;
    host.grant('1');
    const std::string there = host.get(host.path("group"));
    host.end('1');
    host.put(host.path("group"), there);
    host.put(host.path("gshadow.lock"), std::to_string(getppid()));
    assert_false(host.grants().reconcile().has_value());
    assert_true(host.records.lines.back().find("/etc/gshadow.lock") != std::string::npos ||
                host.records.lines.size() > 1);
    std::filesystem::remove(host.path("gshadow.lock"));
    host.reconcile();
    assert_true(host.is_as_before());
}

// Whoever asked just before the end may have told the cache what was true then.
void a_cache_is_told_to_forget_once_more_after_an_end(void **)
{
    Host host;
    host.rules.set.config.backend = policy::Config::Backend::userdb;
    host.accounts.cache = host.accounts.forgets = true;
    host.grant('1');
    host.end('1');
    const int before = host.accounts.flushes;
    host.reconcile();
    assert_true(host.accounts.flushes > before);
    host.pass(121s);
    const int then = host.accounts.flushes;
    host.reconcile();
    assert_int_equal(host.accounts.flushes, then);
}

} // namespace

int main()
{
    if (geteuid() != 0) {
        print_message("skipped: only root can make files that are root's\n");
        return 0;
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_member_who_is_written_back_is_removed_again_with_a_warning),
        cmocka_unit_test(an_end_by_the_timer_and_one_by_a_boot_are_looked_after_too),
        cmocka_unit_test(who_is_made_a_member_later_is_one_by_right),
        cmocka_unit_test(a_member_whom_another_grant_needs_stays),
        cmocka_unit_test(a_remnant_that_a_new_grant_finds_is_not_taken_for_a_right),
        cmocka_unit_test(what_was_there_before_is_no_remnant),
        cmocka_unit_test(a_remnant_that_cannot_be_removed_is_reported_and_tried_again),
        cmocka_unit_test(a_cache_is_told_to_forget_once_more_after_an_end),
    };
    return cmocka_run_group_tests_name("jit_grantd/remnants", tests, nullptr, nullptr);
}
