#include "tests/unit/cmocka_cpp.h"

#include "jit_grantd/use.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

constexpr const char *bob_oid = "bbbbbbbb-0000-4000-8000-000000000002";
constexpr const char *eve_oid = "eeeeeeee-0000-4000-8000-000000000003";
const WallTime now{std::chrono::seconds{1'800'000'000}};
const Who alice{1000, alice_oid};

// A live grant of "dba", from an hour ago until an hour from now.
Entry entry_of(uid_t uid, const char *oid)
{
    Entry entry;
    entry.id = World::id('1');
    entry.user = "somebody";
    entry.uid = uid;
    entry.role = "dba";
    entry.parts = {{"jit-dba", false}};
    entry.oid = oid;
    entry.policy = digest_of_policy;
    entry.since = now - 1h;
    entry.until = now + 1h;
    entry.boot_id = boot_one;
    entry.state = Entry::State::live;
    return entry;
}

Entry ended(Entry entry, WallTime at, std::string cause)
{
    entry.state = Entry::State::ended;
    entry.ended = at;
    entry.cause = std::move(cause);
    return entry;
}

void assert_spell(const policy::Use &use, std::size_t i, WallTime since, WallTime until)
{
    assert_true(use.spells.size() > i);
    assert_true(use.spells[i].since == since && use.spells[i].until == until);
}

void a_person_is_known_by_uid_or_by_object_id(void **)
{
    const std::vector<Entry> entries{entry_of(1000, alice_oid), entry_of(1000, bob_oid),
                                     entry_of(1007, alice_oid)};
    const policy::Use use = count_use(entries, "dba", alice, now);
    assert_int_equal(use.spells.size(), 3);
    assert_int_equal(use.others_active, 0);
    for (std::size_t i = 0; i < 3; ++i)
        assert_spell(use, i, now - 1h, now + 1h);
}

void of_an_account_that_people_share_each_has_his_own_use(void **)
{
    const std::vector<Entry> entries{entry_of(998, alice_oid), entry_of(998, bob_oid),
                                     entry_of(998, eve_oid)};
    const policy::Use use = count_use(entries, "dba", {std::nullopt, alice_oid}, now);
    assert_int_equal(use.spells.size(), 1);
    assert_int_equal(use.others_active, 2);
}

void others_are_counted_by_their_object_id(void **)
{
    // Bob has it twice, once by another user of his.
    std::vector<Entry> entries{entry_of(1001, bob_oid), entry_of(1002, bob_oid)};
    assert_int_equal(count_use(entries, "dba", alice, now).others_active, 1);
    entries.push_back(entry_of(1003, eve_oid));
    const policy::Use use = count_use(entries, "dba", alice, now);
    assert_int_equal(use.others_active, 2);
    assert_true(use.spells.empty());
    // For bob they are his own, and alice is another.
    entries.push_back(entry_of(1000, alice_oid));
    const policy::Use bobs = count_use(entries, "dba", {1002, bob_oid}, now);
    assert_int_equal(bobs.spells.size(), 2);
    assert_int_equal(bobs.others_active, 2);
}

void who_has_it_no_more_takes_no_place(void **)
{
    Entry due = entry_of(1002, eve_oid);
    due.until = now;
    const std::vector<Entry> entries{ended(entry_of(1001, bob_oid), now - 1min, "dropped"), due};
    assert_int_equal(count_use(entries, "dba", alice, now).others_active, 0);
    assert_int_equal(count_use(entries, "dba", alice, now - 1s).others_active, 1);
}

void a_grant_that_is_being_made_counts(void **)
{
    Entry mine = entry_of(1000, alice_oid);
    Entry other = entry_of(1001, bob_oid);
    mine.state = other.state = Entry::State::granting;
    const policy::Use use = count_use({mine, other}, "dba", alice, now);
    assert_int_equal(use.spells.size(), 1);
    assert_int_equal(use.others_active, 1);
}

void another_role_is_another_use(void **)
{
    Entry entry = entry_of(1000, alice_oid);
    entry.role = "ops";
    Entry other = entry_of(1001, bob_oid);
    other.role = "dba2";
    const policy::Use use = count_use({entry, other}, "dba", alice, now);
    assert_true(use.spells.empty());
    assert_int_equal(use.others_active, 0);
    assert_int_equal(count_use({entry, other}, "ops", alice, now).spells.size(), 1);
}

void what_ended_early_was_had_until_then(void **)
{
    for (const char *cause : {"dropped", "revoked", "policy", "reboot", "membership-gone"}) {
        const Entry entry = ended(entry_of(1000, alice_oid), now - 20min, cause);
        assert_spell(count_use({entry}, "dba", alice, now), 0, now - 1h, now - 20min);
    }
    // Nobody had it longer than it was granted for, however late its end was seen.
    Entry late = entry_of(1000, alice_oid);
    late.until = now - 30min;
    assert_spell(count_use({ended(late, now - 10min, "expired")}, "dba", alice, now), 0, now - 1h,
                 now - 30min);
}

void what_was_taken_back_as_soon_as_it_was_made_counts_for_none(void **)
{
    Entry entry = entry_of(1000, alice_oid);
    entry.since = now - 10s;
    for (const auto had : {0s, 1s})
        assert_true(count_use({ended(entry, now - 10s + had, "interrupted")}, "dba", alice, now)
                        .spells.empty());
    // A clock that was set back meanwhile.
    assert_true(
        count_use({ended(entry, now - 1h, "interrupted")}, "dba", alice, now).spells.empty());
    // Given back at once is another thing: it was had.
    assert_int_equal(
        count_use({ended(entry, now - 10s, "dropped")}, "dba", alice, now).spells.size(), 1);
}

// Who says so is jitd, whose word is no reason to count less.
void regress_an_hour_that_jitd_calls_interrupted_was_had(void **)
{
    const Entry entry = ended(entry_of(1000, alice_oid), now - 1min, "interrupted");
    assert_spell(count_use({entry}, "dba", alice, now), 0, now - 1h, now - 1min);
    Entry shorter = entry;
    shorter.since = now - 1min - 2s;
    assert_spell(count_use({shorter}, "dba", alice, now), 0, now - 1min - 2s, now - 1min);
}

void what_is_past_the_horizon_is_left_out(void **)
{
    Entry old = entry_of(1000, alice_oid);
    old.since = now - 50h;
    old.until = now - 48h;
    const Entry edge = ended(old, now - 48h, "expired");
    assert_true(count_use({edge}, "dba", alice, now).spells.empty());
    assert_int_equal(count_use({edge}, "dba", alice, now - 1s).spells.size(), 1);
    assert_true(count_use({}, "dba", alice, now).spells.empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_person_is_known_by_uid_or_by_object_id),
        cmocka_unit_test(of_an_account_that_people_share_each_has_his_own_use),
        cmocka_unit_test(others_are_counted_by_their_object_id),
        cmocka_unit_test(who_has_it_no_more_takes_no_place),
        cmocka_unit_test(a_grant_that_is_being_made_counts),
        cmocka_unit_test(another_role_is_another_use),
        cmocka_unit_test(what_ended_early_was_had_until_then),
        cmocka_unit_test(what_was_taken_back_as_soon_as_it_was_made_counts_for_none),
        cmocka_unit_test(regress_an_hour_that_jitd_calls_interrupted_was_had),
        cmocka_unit_test(what_is_past_the_horizon_is_left_out),
    };
    return cmocka_run_group_tests_name("jit_grantd/use", tests, nullptr, nullptr);
}
