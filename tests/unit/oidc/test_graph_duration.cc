#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/graph_duration.h"

using namespace jit::oidc;
using std::chrono::seconds;

namespace {

long read(std::string_view text)
{
    const auto found = parse_graph_duration(text);
    return found ? static_cast<long>(found->count()) : 0;
}

void days_hours_minutes_and_seconds_are_read(void **)
{
    struct Row {
        const char *text;
        long seconds;
    };
    const Row rows[] = {
        {"PT8H", 28'800},      {"PT30M", 1800},      {"PT1H30M", 5400},      {"PT5400S", 5400},
        {"P1D", 86'400},       {"P1DT12H", 129'600}, {"P1DT1H1M1S", 90'061}, {"PT1S", 1},
        {"P366D", 31'622'400}, {"P0DT1S", 1},        {"PT08H", 28'800},
    };
    for (const Row &row : rows)
        assert_int_equal(read(row.text), row.seconds);
}

void anything_else_is_none(void **)
{
    for (const char *text : {"",
                             "P",
                             "PT",
                             "T1H",
                             "1H",
                             "P1",
                             "PT1",
                             "P1H",
                             "PT1D",
                             "P1M",
                             "P1Y",
                             "P1W",
                             "PT1M1H",
                             "PT1H1H",
                             "P1DT",
                             "PT1.5H",
                             "PT-1H",
                             "-PT1H",
                             "PT+1H",
                             "PT0S",
                             "P367D",
                             "PT 1H",
                             "PT1H ",
                             "pt1h",
                             "PTH",
                             "PTT1H",
                             "P1TT1H",
                             "PT99999999999999999999S",
                             "PT2147483647H",
                             "P366DT1S"})
        assert_int_equal(read(text), 0);
}

void they_are_written_in_one_unit(void **)
{
    assert_text(format_graph_duration(seconds{7200}), "PT2H");
    assert_text(format_graph_duration(seconds{5400}), "PT90M");
    assert_text(format_graph_duration(seconds{61}), "PT61S");
    for (const long count : {1L, 59L, 60L, 3599L, 3600L, 86'400L, 90'061L, 31'622'400L})
        assert_int_equal(read(format_graph_duration(seconds{count})), count);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(days_hours_minutes_and_seconds_are_read),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(they_are_written_in_one_unit),
    };
    return cmocka_run_group_tests_name("oidc/graph_duration", tests, nullptr, nullptr);
}
