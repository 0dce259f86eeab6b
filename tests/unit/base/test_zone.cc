#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "lib/base/zone.h"
#include "lib/base/zone_rule.h"

using namespace jit;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

WallTime at(std::int64_t time)
{
    return WallTime{seconds{time}};
}

std::string number(std::uint64_t value, int size)
{
    std::string text;
    while (size-- > 0)
        text += static_cast<char>(value >> (8 * size));
    return text;
}

// A TZif file: types are offsets, times say which they change to.
struct File {
    std::string version = "2";
    std::vector<std::pair<std::int64_t, unsigned char>> times{};
    std::vector<std::int32_t> types{3600};
    std::uint32_t leaps = 0;
    std::string footer = "\nCET-1\n";

    std::string header(bool is_empty) const
    {
        std::string text = "TZif" + version + std::string(15, '\0');
        text += number(0, 4) + number(0, 4);
        for (const std::size_t count :
             {std::size_t{leaps}, times.size(), types.size(), std::size_t{4}})
            text += number(is_empty ? 0 : count, 4);
        return text;
    }
    std::string bytes() const
    {
        std::string text = header(true) + header(false);
        for (const auto &[time, type] : times)
            text += number(static_cast<std::uint64_t>(time), 8);
        for (const auto &[time, type] : times)
            text += static_cast<char>(type);
        for (const std::int32_t type : types)
            text += number(static_cast<std::uint32_t>(type), 4) + std::string(2, '\0');
        return text + std::string("LMT\0", 4) + std::string(leaps * 12, '\0') + footer;
    }
    std::optional<Zone> zone() const { return parse_zone("x", bytes()); }
};

void a_file_gives_its_changes_and_those_of_its_rule(void **)
{
    File file;
    file.types = {0, 3600, 7200};
    // The second changes nothing but the name.
    file.times = {{1'000, 1}, {2'000, 1}, {1'774'746'000, 2}};
    file.footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    const auto zone = file.zone();
    assert_true(zone.has_value());
    assert_text(zone->name, "x");
    assert_true(zone->offset == 0s && zone->offset_at(at(999)) == 0s);
    assert_true(zone->offset_at(at(1'000)) == 1h &&
                zone->next_change(at(1'000)) == at(1'774'746'000));
    // 2026-10-25 01:00 UTC, and on to 2100.
    assert_true(zone->next_change(at(1'774'746'000)) == at(1'792'890'000));
    assert_int_equal(zone->changes.size(), 2 + 1 + 2 * 74);
    assert_true(zone->offset_at(at(4'114'000'000)) == 2h); // May 2100
    assert_false(zone->next_change(at(4'130'000'000)).has_value());
    for (std::size_t i = 1; i < zone->changes.size(); ++i)
        assert_true(zone->changes[i - 1].at < zone->changes[i].at &&
                    zone->changes[i - 1].offset != zone->changes[i].offset);
}

void a_file_may_have_no_times_or_no_rule(void **)
{
    File file;
    assert_true(file.zone()->changes.empty() && file.zone()->offset == 1h);
    file.footer = "\n\n";
    file.times = {{-5, 0}};
    assert_true(file.zone()->changes.empty());
    file.footer = "\nAAA-1BBB,M3.5.0,M10.5.0/3\n";
    file.times = {};
    assert_true(file.zone()->next_change(at(0)).has_value());
}

void what_is_no_such_file_is_refused(void **)
{
    const std::string good = File{}.bytes();
    for (std::size_t size = 0; size < good.size(); ++size)
        assert_false(parse_zone("x", std::string_view{good}.substr(0, size)).has_value());
    assert_false(parse_zone("x", good + "x").has_value());
    File file;
    file.version = std::string(1, '\0');
    assert_false(file.zone().has_value());
    file = {};
    file.leaps = 1;
    assert_false(file.zone().has_value());
    file = {};
    file.types = {};
    assert_false(file.zone().has_value());
    file = {};
    file.types = {3600 * 26 + 1};
    assert_false(file.zone().has_value());
    file.types = {std::numeric_limits<std::int32_t>::min()};
    assert_false(file.zone().has_value());
    file = {};
    file.times = {{5, 1}}; // no such type
    assert_false(file.zone().has_value());
    file.times = {{5, 0}, {5, 0}};
    assert_false(file.zone().has_value());
    file.times = {{5, 0}, {4, 0}};
    assert_false(file.zone().has_value());
    file = {};
    for (const char *footer : {"", "\n", "CET-1\n", "\nCET-1", "\nCET\n", "\nCET-1 \n"}) {
        file.footer = footer;
        assert_false(file.zone().has_value());
    }
    // Counts that would wrap.
    std::string huge = good;
    for (std::size_t i = 44 + 20; i < 44 + 44; ++i)
        huge[i] = '\xff';
    assert_false(parse_zone("x", huge).has_value());
    for (std::size_t i = 20; i < 44; ++i)
        huge[i] = '\xff';
    assert_false(parse_zone("x", huge).has_value());
}

void assert_change(const Zone::Change &change, std::int64_t time, seconds offset)
{
    assert_int_equal(change.at.time_since_epoch().count(), time);
    assert_int_equal(change.offset.count(), offset.count());
}

void a_rule_has_names_offsets_and_dates(void **)
{
    assert_true(parse_zone_rule("<+0330>-3:30")->standard == 3h + 30min);
    assert_false(parse_zone_rule("EST5")->begins.has_value());
    assert_true(parse_zone_rule("EST5")->changes(2026, 2030).empty());
    assert_true(parse_zone_rule("AAA+1:02:03")->standard == -(1h + 2min + 3s));
    // The other half of the year, and half an hour.
    const auto lord_howe =
        parse_zone_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")->changes(2026, 2026);
    assert_int_equal(lord_howe.size(), 2);
    assert_change(lord_howe[0], 1'775'314'800, 10h + 30min); // 5 April 02:00 (+11)
    assert_change(lord_howe[1], 1'791'041'400, 11h);         // 4 October 02:00 (+10:30)
    // Before midnight, and by days of the year.
    const auto nuuk = parse_zone_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")->changes(2026, 2026);
    assert_change(nuuk[0], 1'774'746'000, -1h);
    assert_change(nuuk[1], 1'792'890'000, -2h);
    // 1 March in a leap year and in another: never the 29th of February.
    for (const int year : {2027, 2028}) {
        const auto days = parse_zone_rule("AAA0BBB,J60/0,J61/0")->changes(year, year);
        assert_change(days[0], year == 2027 ? 1'803'859'200 : 1'835'481'600, 1h);
    }
    const auto counted = parse_zone_rule("AAA0BBB,59/0,60/0")->changes(2028, 2028);
    assert_change(counted[0], 1'835'395'200, 1h); // 29 February
    // Summer all the year: each end is the next beginning.
    const auto always = parse_zone_rule("XXX3EDT4,0/0,J365/23");
    File file;
    file.types = {-4 * 3600};
    file.footer = "\nXXX3EDT4,0/0,J365/23\n";
    assert_true(always.has_value());
    assert_true(file.zone()->changes.size() <= 2);
    assert_true(file.zone()->offset_at(at(1'774'746'000)) == -4h);
}

void what_is_no_rule_is_refused(void **)
{
    for (const char *text : {"",
                             "5",
                             "ES5",
                             "EST",
                             "EST+",
                             "EST25",
                             "EST5:60",
                             "EST5:00:60",
                             "EST5EDT",
                             "EST5EDT,",
                             "EST5EDT,M3.2.0",
                             "EST5EDT,M3.2.0,",
                             "EST5EDT,M13.2.0,M11.1.0",
                             "EST5EDT,M3.6.0,M11.1.0",
                             "EST5EDT,M3.0.0,M11.1.0",
                             "EST5EDT,M3.2.7,M11.1.0",
                             "EST5EDT,M3.2,M11.1.0",
                             "EST5EDT,J0,J365",
                             "EST5EDT,J1,J366",
                             "EST5EDT,0,366",
                             "EST5EDT,M3.2.0/168,M11.1.0",
                             "EST5EDT,M3.2.0,M11.1.0x",
                             "EST5EDT4M3.2.0,M11.1.0",
                             "<EST5",
                             "<E>5",
                             "EST--5",
                             "EST5EDT,M3.2.0,M11.1.0,0",
                             "EST99999999999999999999"})
        assert_false(parse_zone_rule(text).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_its_changes_and_those_of_its_rule),
        cmocka_unit_test(a_file_may_have_no_times_or_no_rule),
        cmocka_unit_test(what_is_no_such_file_is_refused),
        cmocka_unit_test(a_rule_has_names_offsets_and_dates),
        cmocka_unit_test(what_is_no_rule_is_refused),
    };
    return cmocka_run_group_tests_name("base/zone", tests, nullptr, nullptr);
}
