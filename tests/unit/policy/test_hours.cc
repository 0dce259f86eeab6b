#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "policy/hours.h"

using namespace jit;
using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

// 2026-MM-DD hh:mm UTC.
WallTime utc(unsigned month, unsigned day, int hour, int minute, int second = 0)
{
    const std::chrono::sys_days date{std::chrono::year{2026} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    return WallTime{date.time_since_epoch() + std::chrono::hours{hour} +
                    std::chrono::minutes{minute} + std::chrono::seconds{second}};
}

Zone berlin()
{
    return {"Europe/Berlin", 1h, {{utc(3, 29, 1, 0), 2h}, {utc(10, 25, 1, 0), 1h}}};
}
const Zone greenwich{"UTC", 0s, {}};

std::vector<Window> windows(std::initializer_list<const char *> texts)
{
    std::vector<Window> all;
    for (const char *text : texts) {
        const auto window = parse_window(text);
        assert_true(window.has_value());
        all.push_back(*window);
    }
    return all;
}

void assert_time(std::optional<WallTime> is, WallTime should)
{
    assert_true(is.has_value());
    assert_int_equal(is->time_since_epoch().count(), should.time_since_epoch().count());
}

void a_window_is_days_and_two_clock_times(void **)
{
    const auto week = parse_window("Mon..Fri 08:00-18:00");
    assert_true(week.has_value());
    const std::array<bool, 7> to_friday{true, true, true, true, true, false, false};
    assert_true(week->days == to_friday);
    assert_true(week->begin == 8h && week->end == 18h);
    const std::array<bool, 7> over_sunday{true, false, false, false, false, true, true};
    assert_true(parse_window("Sat..Mon 08:00-18:00")->days == over_sunday);
    const std::array<bool, 7> some{true, false, true, true, false, false, true};
    assert_true(parse_window("Mon,Wed..Thu,Sun 08:00-18:00")->days == some);
    const std::array<bool, 7> all{true, true, true, true, true, true, true};
    assert_true(parse_window("00:00-24:00")->days == all);
    assert_true(parse_window("00:00-24:00")->end == 24h);
    assert_true(parse_window("Fri 22:00-06:00")->end == 30h);
    assert_true(parse_window("Fri 22:00-00:00")->end == 24h);
}

void what_is_no_window_is_refused(void **)
{
    for (const char *text : {"",
                             " ",
                             "Mon",
                             "Mon ",
                             "08:00",
                             "08:00-",
                             "-18:00",
                             "8:00-18:00",
                             "08:00-18:0",
                             "08.00-18.00",
                             "08:00-18:00 ",
                             " 08:00-18:00",
                             "Mon  08:00-18:00",
                             "mon 08:00-18:00",
                             "Monday 08:00-18:00",
                             "Mon.. 08:00-18:00",
                             "..Fri 08:00-18:00",
                             "Mon,,Fri 08:00-18:00",
                             "Mon, 08:00-18:00",
                             "Mon..Wed..Fri 08:00-18:00",
                             "08:00-18:00-19:00",
                             "08:60-18:00",
                             "08:00-24:01",
                             "25:00-26:00",
                             "24:00-08:00",
                             "08:00-08:00",
                             "00:00-00:00",
                             "Mon 08:00\n-18:00",
                             "Mon 08:00-18:00Z",
                             "Mo 08:00-18:00",
                             "08:00 - 18:00"})
        assert_false(parse_window(text).has_value());
}

void a_window_is_open_from_its_beginning_up_to_its_end(void **)
{
    const auto week = windows({"Mon..Fri 08:00-18:00"});
    // 2026-11-27 is a Friday.
    assert_false(is_open(week, greenwich, utc(11, 27, 7, 59, 59)));
    assert_true(is_open(week, greenwich, utc(11, 27, 8, 0)));
    assert_true(is_open(week, greenwich, utc(11, 27, 17, 59, 59)));
    assert_false(is_open(week, greenwich, utc(11, 27, 18, 0)));
    assert_false(is_open(week, greenwich, utc(11, 28, 12, 0)));
    assert_true(is_open(week, greenwich, utc(11, 30, 12, 0)));
    assert_false(is_open({}, greenwich, utc(11, 30, 12, 0)));
    // Long before 1970 it is a week like any other.
    assert_true(is_open(week, greenwich, WallTime{-72h + 12h}));
    assert_false(is_open(week, greenwich, WallTime{-96h + 12h}));
}

void a_window_over_midnight_belongs_to_the_day_it_begins_on(void **)
{
    const auto night = windows({"Fri 22:00-06:00"});
    assert_false(is_open(night, greenwich, utc(11, 27, 5, 0)));
    assert_true(is_open(night, greenwich, utc(11, 27, 22, 0)));
    assert_true(is_open(night, greenwich, utc(11, 28, 5, 59, 59)));
    assert_false(is_open(night, greenwich, utc(11, 28, 6, 0)));
    assert_false(is_open(night, greenwich, utc(11, 28, 22, 0)));
    assert_time(closes_at(night, greenwich, utc(11, 27, 23, 0), 24h), utc(11, 28, 6, 0));
    // From Sunday into Monday, too.
    assert_true(is_open(windows({"Sun 23:00-01:00"}), greenwich, utc(11, 30, 0, 30)));
}

void windows_that_touch_are_one(void **)
{
    const auto days = windows({"Mon..Fri 08:00-12:00", "Mon..Fri 12:00-18:00", "Fri 17:00-20:00"});
    assert_time(closes_at(days, greenwich, utc(11, 27, 9, 0), 24h), utc(11, 27, 20, 0));
    assert_time(closes_at(days, greenwich, utc(11, 26, 9, 0), 24h), utc(11, 26, 18, 0));
    assert_time(closes_at(days, greenwich, utc(11, 26, 9, 0), 3h), utc(11, 26, 12, 0));
    assert_time(closes_at(days, greenwich, utc(11, 26, 19, 0), 3h), utc(11, 26, 19, 0));
    const auto always = windows({"00:00-24:00"});
    assert_time(closes_at(always, berlin(), utc(11, 26, 9, 0), 24h), utc(11, 27, 9, 0));
    assert_time(closes_at(always, berlin(), utc(10, 24, 9, 0), 96h), utc(10, 28, 9, 0));
}

void the_wall_of_the_zone_counts(void **)
{
    const auto week = windows({"Mon..Fri 08:00-18:00"});
    // 08:00 in Berlin is 07:00 UTC in winter, 06:00 in summer.
    assert_false(is_open(week, berlin(), utc(11, 27, 6, 59)));
    assert_true(is_open(week, berlin(), utc(11, 27, 7, 0)));
    assert_false(is_open(week, berlin(), utc(11, 27, 17, 0)));
    assert_false(is_open(week, berlin(), utc(7, 3, 5, 59)));
    assert_true(is_open(week, berlin(), utc(7, 3, 6, 0)));
}

// 2026-03-29: after 01:59:59 the wall shows 03:00:00.
void when_clocks_go_forward_the_hour_left_out_is_in_no_window(void **)
{
    const auto early = windows({"01:30-02:30"});
    assert_true(is_open(early, berlin(), utc(3, 29, 0, 59, 59)));
    assert_false(is_open(early, berlin(), utc(3, 29, 1, 0)));
    assert_time(closes_at(early, berlin(), utc(3, 29, 0, 45), 24h), utc(3, 29, 1, 0));
    const auto through = windows({"01:30-03:30"});
    assert_time(closes_at(through, berlin(), utc(3, 29, 0, 45), 24h), utc(3, 29, 1, 30));
    // A beginning that is left out is where the clocks are changed.
    assert_time(opens_at(windows({"02:30-03:30"}), berlin(), utc(3, 29, 0, 45)), utc(3, 29, 1, 0));
    assert_time(opens_at(windows({"02:15-02:45"}), berlin(), utc(3, 29, 0, 45)), utc(3, 30, 0, 15));
}

// 2026-10-25: after 02:59:59 the wall shows 02:00:00 once more.
void when_clocks_go_back_an_hour_is_open_both_times(void **)
{
    const auto early = windows({"01:30-02:30"});
    assert_true(is_open(early, berlin(), utc(10, 25, 0, 15)));  // 02:15
    assert_false(is_open(early, berlin(), utc(10, 25, 0, 45))); // 02:45
    assert_true(is_open(early, berlin(), utc(10, 25, 1, 15)));  // 02:15 again
    assert_false(is_open(early, berlin(), utc(10, 25, 1, 45)));
    assert_time(closes_at(early, berlin(), utc(10, 25, 0, 15), 24h), utc(10, 25, 0, 30));
    assert_time(closes_at(early, berlin(), utc(10, 25, 1, 15), 24h), utc(10, 25, 1, 30));
    const auto until_three = windows({"01:30-03:00"});
    assert_time(closes_at(until_three, berlin(), utc(10, 25, 0, 15), 24h), utc(10, 25, 2, 0));
    assert_time(opens_at(early, berlin(), utc(10, 25, 0, 45)), utc(10, 25, 1, 0));
}

void it_can_be_told_when_one_opens(void **)
{
    const auto week = windows({"Mon..Fri 08:00-18:00"});
    assert_time(opens_at(week, berlin(), utc(11, 27, 12, 0)), utc(11, 27, 12, 0));
    assert_time(opens_at(week, berlin(), utc(11, 27, 17, 0)), utc(11, 30, 7, 0));
    assert_time(opens_at(week, berlin(), utc(11, 27, 3, 0)), utc(11, 27, 7, 0));
    // The same moment of next week.
    assert_time(opens_at(windows({"Fri 08:00-09:00"}), greenwich, utc(11, 27, 9, 0)),
                utc(12, 4, 8, 0));
    assert_false(opens_at({}, berlin(), utc(11, 27, 3, 0)).has_value());
}

void at_each_minute_the_three_agree(void **)
{
    const auto some = windows({"Mon..Wed 22:30-02:15", "Sat,Sun 01:45-02:30", "Thu 23:00-24:00"});
    for (const auto from : {utc(3, 27, 0, 0), utc(10, 23, 0, 0), utc(11, 27, 0, 0)}) {
        WallTime next_close{};
        for (WallTime at = from; at < from + 96h; at += 60s) {
            const bool open = is_open(some, berlin(), at);
            const WallTime close = closes_at(some, berlin(), at, 24h);
            assert_true(open == (close > at));
            if (open && at < next_close)
                assert_time(close, next_close);
            next_close = close;
            if (open)
                assert_false(is_open(some, berlin(), close));
            const auto opens = opens_at(some, berlin(), at);
            assert_true(opens.has_value() && open == (*opens == at));
            assert_true(is_open(some, berlin(), *opens));
            if (!open)
                assert_false(is_open(some, berlin(), *opens - 1s));
        }
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_days_and_two_clock_times),
        cmocka_unit_test(what_is_no_window_is_refused),
        cmocka_unit_test(a_window_is_open_from_its_beginning_up_to_its_end),
        cmocka_unit_test(a_window_over_midnight_belongs_to_the_day_it_begins_on),
        cmocka_unit_test(windows_that_touch_are_one),
        cmocka_unit_test(the_wall_of_the_zone_counts),
        cmocka_unit_test(when_clocks_go_forward_the_hour_left_out_is_in_no_window),
        cmocka_unit_test(when_clocks_go_back_an_hour_is_open_both_times),
        cmocka_unit_test(it_can_be_told_when_one_opens),
        cmocka_unit_test(at_each_minute_the_three_agree),
    };
    return cmocka_run_group_tests_name("policy/hours", tests, nullptr, nullptr);
}
