#include "tests/unit/cmocka_cpp.h"

#include <cstdlib>
#include <ctime>

#include "lib/sys/zones.h"

using namespace jit;
using namespace std::chrono_literals;

namespace {

WallTime at(long seconds)
{
    return WallTime{std::chrono::seconds{seconds}};
}

void utc_is_always_there(void **)
{
    const auto utc = sys::find_zone("UTC");
    assert_non_null(utc.get());
    assert_true(utc->changes.empty() && utc->offset == 0s);
}

void berlin_changes_its_clocks_twice_a_year(void **)
{
    const auto berlin = sys::find_zone("Europe/Berlin");
    if (!berlin)
        _skip(__FILE__, __LINE__); // no tzdata here
    assert_int_equal(berlin->changes.size(), 60);
    assert_text(berlin->name, "Europe/Berlin");
    // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC, to the second.
    assert_true(berlin->offset_at(at(1'774'745'999)) == 1h);
    assert_true(berlin->offset_at(at(1'774'746'000)) == 2h);
    assert_true(berlin->offset_at(at(1'792'889'999)) == 2h);
    assert_true(berlin->offset_at(at(1'792'890'000)) == 1h);
    assert_true(berlin->next_change(at(1'774'746'000)) == at(1'792'890'000));
    assert_true(berlin->offset_at(at(0)) == 1h);
    assert_false(berlin->next_change(at(4'000'000'000)).has_value());
}

void a_zone_may_be_half_an_hour_off_or_never_change(void **)
{
    const auto kolkata = sys::find_zone("Asia/Kolkata");
    const auto lord_howe = sys::find_zone("Australia/Lord_Howe");
    if (!kolkata || !lord_howe)
        _skip(__FILE__, __LINE__); // no tzdata here
    assert_true(kolkata->changes.empty() && kolkata->offset == 5h + 30min);
    assert_true(lord_howe->offset_at(at(1'767'225'600)) == 11h); // January
    assert_true(lord_howe->offset_at(at(1'782'864'000)) == 10h + 30min);
}

void the_programs_own_zone_stays_as_it_was(void **)
{
    setenv("TZ", "EST5", 1);
    tzset();
    (void)sys::find_zone("Europe/Berlin");
    assert_text(std::getenv("TZ"), "EST5");
    const std::time_t time = 1'774'746'000;
    std::tm broken{};
    localtime_r(&time, &broken);
    assert_int_equal(broken.tm_gmtoff, -5 * 3600);
    unsetenv("TZ");
    (void)sys::find_zone("Europe/Berlin");
    assert_null(std::getenv("TZ"));
}

void what_is_no_zone_is_none(void **)
{
    for (const char *name :
         {"", "/", "Europe", "Mars/Base", "../../../etc/passwd", "Europe/../Europe/Berlin",
          "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin/", "Europe//Berlin",
          "Europe/Berlin\n", ":Europe/Berlin", "UTC0", "EST5EDT,M3.2.0,M11.1.0", "zone.tab "})
        assert_null(sys::find_zone(name).get());
    assert_null(sys::find_zone(std::string(65, 'A')).get());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(utc_is_always_there),
        cmocka_unit_test(berlin_changes_its_clocks_twice_a_year),
        cmocka_unit_test(a_zone_may_be_half_an_hour_off_or_never_change),
        cmocka_unit_test(the_programs_own_zone_stays_as_it_was),
        cmocka_unit_test(what_is_no_zone_is_none),
    };
    return cmocka_run_group_tests_name("sys/zones", tests, nullptr, nullptr);
}
