#include "tests/unit/cmocka_cpp.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "lib/sys/zones.h"

using namespace jit;
using namespace std::chrono_literals;

namespace {

constexpr const char *folder = "/usr/share/zoneinfo";

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
    assert_non_null(berlin.get());
    assert_text(berlin->name, "Europe/Berlin");
    // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC, to the second.
    assert_true(berlin->offset_at(at(1'774'745'999)) == 1h);
    assert_true(berlin->offset_at(at(1'774'746'000)) == 2h);
    assert_true(berlin->offset_at(at(1'792'889'999)) == 2h);
    assert_true(berlin->offset_at(at(1'792'890'000)) == 1h);
    assert_true(berlin->next_change(at(1'774'746'000)) == at(1'792'890'000));
}

long offset_by_the_c_library(long time)
{
    const std::time_t when = time;
    std::tm broken{};
    localtime_r(&when, &broken);
    return broken.tm_gmtoff;
}

// The C library, which reads the same files, is the judge: every zone there is, from 1990 to 2037
// and some times later, and the seconds around each change.
void all_zones_are_as_the_c_library_has_them(void **)
{
    std::size_t zones = 0;
    std::size_t wrong = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator{folder}) {
        const std::string name = entry.path().lexically_relative(folder);
        char magic[4] = {};
        if (!entry.is_regular_file() || name.starts_with("right/") ||
            !std::ifstream{entry.path()}.read(magic, sizeof magic) ||
            std::string_view{magic, sizeof magic} != "TZif")
            continue;
        const auto zone = sys::find_zone(name);
        if (!zone) {
            print_error("%s is not read\n", name.c_str());
            ++wrong;
            continue;
        }
        ++zones;
        setenv("TZ", (":" + name).c_str(), 1);
        tzset();
        const auto compare = [&](long time) {
            if (zone->offset_at(at(time)).count() == offset_by_the_c_library(time))
                return;
            print_error("%s at %ld\n", name.c_str(), time);
            ++wrong;
        };
        for (long time = 631'152'000; time < 2'145'916'800; time += 500'000)
            compare(time);
        for (const long time : {2'500'000'000, 2'515'000'000, 3'000'000'000, 3'015'000'000,
                                4'000'000'000, 4'015'000'000})
            compare(time);
        for (const Zone::Change &change : zone->changes) {
            const long time = change.at.time_since_epoch().count();
            if (time > 0 && time < 4'102'444'800) {
                compare(time - 1);
                compare(time);
            }
        }
    }
    unsetenv("TZ");
    tzset();
    assert_int_equal(wrong, 0);
    assert_true(zones > 300); // the package tzdata is there
}

void what_is_no_zone_is_none(void **)
{
    for (const char *name :
         {"", "/", "Europe", "Mars/Base", "../../../etc/passwd", "Europe/../Europe/Berlin",
          "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin/", "Europe//Berlin",
          "Europe/Berlin\n", ":Europe/Berlin", "UTC0", "EST5EDT,M3.2.0,M11.1.0", "zone.tab",
          "leapseconds", "leap-seconds.list"})
        assert_null(sys::find_zone(name).get());
    assert_null(sys::find_zone(std::string(65, 'A')).get());
    assert_null(sys::find_zone(std::string("Europe/Berlin\0", 14)).get());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(utc_is_always_there),
        cmocka_unit_test(berlin_changes_its_clocks_twice_a_year),
        cmocka_unit_test(all_zones_are_as_the_c_library_has_them),
        cmocka_unit_test(what_is_no_zone_is_none),
    };
    return cmocka_run_group_tests_name("sys/zones", tests, nullptr, nullptr);
}
