#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "policy/use.h"
#include "tests/unit/policy/zones.h"

using namespace jit;
using namespace jit::policy;
using namespace jit::policy::test;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

Limits per_day(seconds budget)
{
    Limits limits;
    limits.per_day = budget;
    return limits;
}

Use use_of(std::vector<Spell> spells)
{
    return {std::move(spells), 0};
}

void assert_left(seconds is, seconds should)
{
    assert_int_equal(is.count(), should.count());
}

void assert_time(WallTime is, WallTime should)
{
    assert_int_equal(is.time_since_epoch().count(), should.time_since_epoch().count());
}

// --- days ----------------------------------------------------------------------------------------

void a_day_ends_where_the_wall_of_its_zone_shows_the_next(void **)
{
    assert_time(next_day(greenwich(), utc(2026, 11, 27, 0)), utc(2026, 11, 28, 0));
    assert_time(next_day(greenwich(), utc(2026, 11, 27, 23, 59, 59)), utc(2026, 11, 28, 0));
    assert_time(next_day(berlin(), utc(2026, 11, 27, 22, 59, 59)), utc(2026, 11, 27, 23));
    assert_time(next_day(berlin(), utc(2026, 11, 27, 23)), utc(2026, 11, 28, 23));
    assert_time(next_day(berlin(), utc(2026, 7, 3, 12)), utc(2026, 7, 3, 22));
    assert_time(next_day(greenwich(), utc(1969, 12, 31, 12)), utc(1970, 1, 1, 0));
    assert_time(next_day(greenwich(), utc(1969, 12, 30, 0)), utc(1969, 12, 31, 0));
}

void a_day_has_23_or_25_hours_where_clocks_are_set(void **)
{
    // Berlin, over the change and within the hour that comes twice.
    assert_time(next_day(berlin(), utc(2026, 3, 28, 23)), utc(2026, 3, 29, 22));
    assert_time(next_day(berlin(), utc(2026, 3, 29, 1)), utc(2026, 3, 29, 22));
    assert_time(next_day(berlin(), utc(2026, 10, 24, 22)), utc(2026, 10, 25, 23));
    assert_time(next_day(berlin(), utc(2026, 10, 25, 0, 30)), utc(2026, 10, 25, 23));
    assert_time(next_day(berlin(), utc(2026, 10, 25, 1, 30)), utc(2026, 10, 25, 23));
    // Where midnight itself is left out, or comes twice.
    assert_time(next_day(sao_paulo(), utc(2018, 11, 3, 12)), utc(2018, 11, 4, 3));
    assert_time(next_day(sao_paulo(), utc(2018, 11, 4, 2, 59, 59)), utc(2018, 11, 4, 3));
    assert_time(next_day(sao_paulo(), utc(2018, 11, 4, 3)), utc(2018, 11, 5, 2));
    assert_time(next_day(sao_paulo(), utc(2019, 2, 16, 12)), utc(2019, 2, 17, 3));
    assert_time(next_day(sao_paulo(), utc(2019, 2, 17, 1, 59, 59)), utc(2019, 2, 17, 3));
    assert_time(next_day(sao_paulo(), utc(2019, 2, 17, 2, 30)), utc(2019, 2, 17, 3));
    // A day that was no day at all.
    assert_time(next_day(apia(), utc(2011, 12, 29, 12)), utc(2011, 12, 30, 10));
}

// --- the budget ----------------------------------------------------------------------------------

void what_was_had_today_is_taken_from_the_budget(void **)
{
    const WallTime noon = utc(2026, 11, 27, 12);
    const Use none;
    assert_left(left_of_budget(per_day(2h), greenwich(), none, noon, 1h), 1h);
    assert_left(left_of_budget(per_day(2h), greenwich(), none, noon, 3h), 2h);
    assert_left(left_of_budget({}, greenwich(), none, noon, 3h), 3h);

    const Use some = use_of({{noon - 3h, noon - 2h}, {noon - 90min, noon - 60min}});
    assert_left(left_of_budget(per_day(2h), greenwich(), some, noon, 3h), 30min);
    assert_left(left_of_budget(per_day(2h), greenwich(), some, noon, 10min), 10min);
    assert_left(left_of_budget(per_day(90min + 1s), greenwich(), some, noon, 1h), 1s);
    assert_left(left_of_budget(per_day(90min), greenwich(), some, noon, 1h), 0s);
    assert_left(left_of_budget(per_day(1h), greenwich(), some, noon, 1h), 0s);
    // Of yesterday, but for what of it is today.
    const Use late = use_of({{noon - 15h, noon - 11h}});
    assert_left(left_of_budget(per_day(2h), greenwich(), late, noon, 3h), 1h);
    const Use old = use_of({{noon - 20h, noon - 12h}});
    assert_left(left_of_budget(per_day(2h), greenwich(), old, noon, 3h), 2h);
}

void a_grant_that_lives_takes_what_it_will_have(void **)
{
    const WallTime noon = utc(2026, 11, 27, 12);
    const Use alive = use_of({{noon - 10min, noon + 50min}});
    assert_left(left_of_budget(per_day(2h), greenwich(), alive, noon, 2h), 1h);
    // Two at a time are two grants.
    const Use both = use_of({{noon - 10min, noon + 50min}, {noon - 10min, noon + 50min}});
    assert_left(left_of_budget(per_day(2h), greenwich(), both, noon, 2h), 0s);
    // What of it is tomorrow's is taken from tomorrow.
    const WallTime late = utc(2026, 11, 27, 23, 30);
    const Use over = use_of({{late, late + 90min}});
    assert_left(left_of_budget(per_day(1h), greenwich(), over, late, 2h), 30min);
    assert_left(left_of_budget(per_day(2h), greenwich(), over, late, 2h), 30min + 60min);
    // A clock was set back: it began later than now, and is had all the same.
    const Use later = use_of({{noon + 2h, noon + 3h}});
    assert_left(left_of_budget(per_day(90min), greenwich(), later, noon, 2h), 30min);
}

void over_midnight_each_day_pays_for_its_own(void **)
{
    const WallTime late = utc(2026, 11, 27, 23, 0);
    const Use today = use_of({{late - 5h, late - 4h}});
    // An hour of today, and the new day has all of its own.
    assert_left(left_of_budget(per_day(2h), greenwich(), today, late, 4h), 1h + 2h);
    assert_left(left_of_budget(per_day(2h), greenwich(), {}, late, 4h), 1h + 2h);
    // Today ends it before midnight: a grant has no gap.
    assert_left(left_of_budget(per_day(90min), greenwich(), today, late, 4h), 30min);
    assert_left(left_of_budget(per_day(1h), greenwich(), today, late, 4h), 0s);
    // Just enough for today, and nothing is had before midnight.
    assert_left(left_of_budget(per_day(1h), greenwich(), {}, late, 4h), 2h);
    assert_left(left_of_budget(per_day(1h), greenwich(), {}, late + 1h, 4h), 1h);
    // Three days, the one between a whole one.
    assert_left(left_of_budget(per_day(24h), greenwich(), {}, late, 30h), 30h);
}

void a_budget_of_the_day_is_not_of_utc_but_of_the_zone(void **)
{
    // 23:30 UTC is 00:30 of the next day in Berlin.
    const WallTime now = utc(2026, 11, 27, 23, 30);
    const Use use = use_of({{now - 90min, now - 30min}});
    assert_left(left_of_budget(per_day(1h), greenwich(), use, now, 1h), 0s);
    assert_left(left_of_budget(per_day(1h), berlin(), use, now, 1h), 1h);
}

void a_day_of_23_hours_has_the_same_budget(void **)
{
    // 01:30 in Berlin, half an hour before the wall jumps to 03:00.
    const WallTime now = utc(2026, 3, 29, 0, 30);
    assert_left(left_of_budget(per_day(4h), berlin(), {}, now, 6h), 4h);
    const Use early = use_of({{utc(2026, 3, 28, 22), utc(2026, 3, 29, 0)}}); // 23:00 to 01:00
    assert_left(left_of_budget(per_day(4h), berlin(), early, now, 6h), 3h);
    // To the end of the day and no second more; then comes the next one's.
    const WallTime evening = utc(2026, 3, 29, 21);
    const Use day = use_of({{utc(2026, 3, 29, 12), utc(2026, 3, 29, 15)}});
    assert_left(left_of_budget(per_day(4h), berlin(), day, evening, 3h), 3h);
    assert_left(left_of_budget(per_day(4h), berlin(), day, evening - 1s, 3h), 1h);
}

void a_day_of_25_hours_has_the_same_budget(void **)
{
    // 02:30, for the first time and for the second.
    const WallTime first = utc(2026, 10, 25, 0, 30);
    const Use use = use_of({{first, first + 30min}});
    assert_left(left_of_budget(per_day(1h), berlin(), use, first + 1h, 2h), 30min);
    const Use before = use_of({{utc(2026, 10, 24, 21), utc(2026, 10, 24, 23)}}); // 23:00 to 01:00
    assert_left(left_of_budget(per_day(2h), berlin(), before, first, 2h), 1h);
    assert_left(left_of_budget(per_day(2h), berlin(), before, first + 1h, 2h), 1h);
    // Its last half hour knows of its first, more than a day ago.
    const WallTime last = utc(2026, 10, 25, 22, 30);
    const Use morning = use_of({{utc(2026, 10, 24, 22), utc(2026, 10, 24, 22, 30)}});
    assert_left(left_of_budget(per_day(30min + 10s), berlin(), morning, last, 1h), 10s);
    assert_left(left_of_budget(per_day(30min), berlin(), morning, last, 1h), 0s);
}

void where_midnight_is_set_a_day_is_still_one_day(void **)
{
    // The day of November 4 begins where that of November 3 would show 24:00.
    const WallTime change = utc(2018, 11, 4, 3);
    const Use use = use_of({{change - 2h, change - 1h}});
    assert_left(left_of_budget(per_day(1h), sao_paulo(), use, change - 1s, 2h), 0s);
    assert_left(left_of_budget(per_day(1h), sao_paulo(), use, change, 2h), 1h);
    assert_left(left_of_budget(per_day(2h), sao_paulo(), use, change - 1h, 4h), 1h + 2h);
    // February 16 goes on for an hour after it was midnight.
    const WallTime back = utc(2019, 2, 17, 2);
    const Use evening = use_of({{back - 1h, back}});
    assert_left(left_of_budget(per_day(1h), sao_paulo(), evening, back, 2h), 0s);
    assert_left(left_of_budget(per_day(1h), sao_paulo(), evening, back + 1h - 1s, 2h), 0s);
    assert_left(left_of_budget(per_day(1h), sao_paulo(), evening, back + 1h, 2h), 1h);
    assert_left(left_of_budget(per_day(90min), sao_paulo(), evening, back + 30min, 4h),
                30min + 90min);
    // Nobody lost the use of a day that there was none of.
    const WallTime line = utc(2011, 12, 30, 10);
    assert_left(left_of_budget(per_day(1h), apia(), use_of({{line - 1h, line}}), line, 2h), 1h);
    assert_left(left_of_budget(per_day(2h), apia(), {}, line - 1h, 4h), 1h + 2h);
}

// St. John's set its clocks back at a minute past midnight until 2011: the wall showed 23:01 again.
void regress_a_day_that_was_begun_is_not_left_again(void **)
{
    using std::chrono::hours;
    const WallTime midnight = utc(2010, 11, 7, 2, 30);
    const Zone st_johns{"America/St_Johns", -150min, {{midnight + 1min, -210min}}};
    for (const auto later : {0s, 60s, 3599s})
        assert_time(next_day(st_johns, midnight + later), midnight + hours{25});
    assert_time(next_day(st_johns, midnight - 1s), midnight);
    // Who used up what the evening left has the new day's budget, and not the evening's again.
    const Use use = use_of({{midnight - 1h, midnight}, {midnight, midnight + 1h}});
    assert_left(left_of_budget(per_day(1h), st_johns, use, midnight + 1h, 2h), 0s);
    assert_left(left_of_budget(per_day(1h), st_johns, use, midnight + 30min, 2h), 0s);
    assert_left(left_of_budget(per_day(2h), st_johns, use, midnight + 1h, 2h), 1h);
    assert_left(left_of_budget(per_day(1h), st_johns, use, midnight + hours{25}, 2h), 1h);
}

// --- cooldown ------------------------------------------------------------------------------------

void a_cooldown_begins_where_the_last_grant_ended(void **)
{
    Limits limits;
    limits.cooldown = 5min;
    const WallTime end = utc(2026, 11, 27, 12);
    const Use use = use_of({{end - 1h, end}, {end - 3h, end - 2h}});
    assert_true(cool_at(limits, use, end) == end + 5min);
    assert_true(cool_at(limits, use, end + 5min - 1s) == end + 5min);
    assert_false(cool_at(limits, use, end + 5min).has_value());
    assert_false(cool_at(limits, {}, end).has_value());
    assert_false(cool_at({}, use, end).has_value());
    // Midnight means nothing to it.
    const WallTime late = utc(2026, 11, 27, 23, 59);
    assert_true(cool_at(limits, use_of({{late - 1h, late}}), late + 2min) == late + 5min);
}

void a_grant_that_lives_is_no_reason_to_wait(void **)
{
    Limits limits;
    limits.cooldown = 5min;
    const WallTime noon = utc(2026, 11, 27, 12);
    assert_false(cool_at(limits, use_of({{noon - 1h, noon + 1s}}), noon).has_value());
    // One that ended meanwhile is.
    const Use both = use_of({{noon - 1h, noon + 1h}, {noon - 1h, noon - 1min}});
    assert_true(cool_at(limits, both, noon) == noon + 4min);
}

// --- people at once ------------------------------------------------------------------------------

void there_is_a_place_while_fewer_others_have_the_role(void **)
{
    Limits limits;
    Use use;
    use.others_active = 1000;
    assert_true(has_place(limits, use));
    limits.max_active = 3;
    assert_false(has_place(limits, use));
    use.others_active = 3;
    assert_false(has_place(limits, use));
    use.others_active = 2;
    assert_true(has_place(limits, use));
    // One's own grants take no place of one's own.
    use.spells = {{utc(2026, 11, 27, 12), utc(2026, 11, 27, 13)}};
    limits.max_active = 1;
    use.others_active = 0;
    assert_true(has_place(limits, use));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_day_ends_where_the_wall_of_its_zone_shows_the_next),
        cmocka_unit_test(a_day_has_23_or_25_hours_where_clocks_are_set),
        cmocka_unit_test(what_was_had_today_is_taken_from_the_budget),
        cmocka_unit_test(a_grant_that_lives_takes_what_it_will_have),
        cmocka_unit_test(over_midnight_each_day_pays_for_its_own),
        cmocka_unit_test(a_budget_of_the_day_is_not_of_utc_but_of_the_zone),
        cmocka_unit_test(a_day_of_23_hours_has_the_same_budget),
        cmocka_unit_test(a_day_of_25_hours_has_the_same_budget),
        cmocka_unit_test(where_midnight_is_set_a_day_is_still_one_day),
        cmocka_unit_test(regress_a_day_that_was_begun_is_not_left_again),
        cmocka_unit_test(a_cooldown_begins_where_the_last_grant_ended),
        cmocka_unit_test(a_grant_that_lives_is_no_reason_to_wait),
        cmocka_unit_test(there_is_a_place_while_fewer_others_have_the_role),
    };
    return cmocka_run_group_tests_name("policy/use", tests, nullptr, nullptr);
}
