#include "tests/unit/cmocka_cpp.h"

#include "jit_leftovers/ended.h"

using namespace jit;
using namespace jit::leftovers;
using namespace std::chrono_literals;

namespace {

constexpr WallTime t0{1'800'000'000s};

ledger::Entry entry(const char *id, std::optional<WallTime> ended)
{
    ledger::Entry made;
    made.id = id;
    made.user = "alice";
    made.uid = 1000;
    made.role = "web";
    made.since = t0;
    made.state = ended ? ledger::Entry::State::ended : ledger::Entry::State::live;
    made.ended = ended;
    return made;
}

void a_live_grant_is_not_looked_into(void **)
{
    assert_true(find_unreported({entry("00000000000000aa", {})}, {}).empty());
}

void an_ended_one_is_looked_into_once(void **)
{
    const std::vector entries{entry("00000000000000aa", t0 + 60s),
                              entry("00000000000000bb", t0 + 90s)};
    const auto found = find_unreported(entries, {"00000000000000aa"});
    assert_int_equal(found.size(), 1);
    assert_text(found[0].id, "00000000000000bb");
    assert_text(found[0].user, "alice");
    assert_text(found[0].role, "web");
}

void its_time_is_from_start_to_end_and_a_second_to_both_sides(void **)
{
    const Span span = find_unreported({entry("00000000000000aa", t0 + 60s)}, {})[0].span;
    assert_false(span.has(t0 - 2s));
    assert_true(span.has(t0 - 1s));
    assert_true(span.has(t0 + 61s));
    assert_false(span.has(t0 + 62s));
}

void a_clock_set_back_within_it_leaves_a_span_that_can_hold_something(void **)
{
    const Span span = find_unreported({entry("00000000000000aa", t0 - 3600s)}, {})[0].span;
    assert_true(span.has(t0));
}

void a_report_outlives_its_ledger_entry_by_no_round(void **)
{
    const std::vector entries{entry("00000000000000aa", t0 + 60s), entry("00000000000000bb", {})};
    const auto gone =
        find_outlived(entries, {"00000000000000aa", "00000000000000bb", "00000000000000cc"});
    assert_true(gone == std::vector<std::string>{"00000000000000cc"});
    assert_true(find_outlived({}, {}).empty());
}

void each_start_and_each_end_in_the_group_file_is_a_moment_of_jit_itself(void **)
{
    std::vector entries{entry("00000000000000aa", t0 + 60s), entry("00000000000000bb", {})};
    assert_true(find_moments(entries).empty());
    for (ledger::Entry &each : entries)
        each.backend = ledger::Backend::etc_group;
    assert_true(find_moments(entries) == (std::vector<WallTime>{t0, t0 + 60s, t0}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_live_grant_is_not_looked_into),
        cmocka_unit_test(an_ended_one_is_looked_into_once),
        cmocka_unit_test(its_time_is_from_start_to_end_and_a_second_to_both_sides),
        cmocka_unit_test(a_clock_set_back_within_it_leaves_a_span_that_can_hold_something),
        cmocka_unit_test(a_report_outlives_its_ledger_entry_by_no_round),
        cmocka_unit_test(each_start_and_each_end_in_the_group_file_is_a_moment_of_jit_itself),
    };
    return cmocka_run_group_tests_name("jit_leftovers/ended", tests, nullptr, nullptr);
}
