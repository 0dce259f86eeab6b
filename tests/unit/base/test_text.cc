#include "tests/unit/cmocka_cpp.h"

#include <chrono>
#include <string>
#include <vector>

#include "lib/base/text.h"

using namespace jit;
using std::chrono::seconds;

namespace {

void a_name_is_one_harmless_path_component(void **)
{
    for (const char *good : {"a", "_", "Z", "alice", "alice@contoso.com", "a-b_c.d", "_apt", "a1"})
        assert_true(is_name(good));
    for (const char *bad : {"",    ".",   "..", "-a",  "1a",       "@a",    "a/b",  "../a", "/",
                            "a:b", "a b", " a", "a ",  "a\n",      "\na",   "a\tb", "a%b",  "a\\b",
                            "a*",  "a$",  "a'", "a\"", "\xC3\xA9", "a\x7F", "a\x80"})
        assert_false(is_name(bad));
    assert_false(is_name(std::string_view{"a\0", 2}));
    assert_false(is_name(std::string_view{"a\0b", 3}));
    assert_false(is_name(std::string_view{}));
}

void a_name_has_at_most_64_bytes(void **)
{
    assert_true(is_name(std::string(64, 'a')));
    assert_false(is_name(std::string(65, 'a')));
}

void an_id_is_16_lower_case_hex_digits(void **)
{
    assert_true(is_id("0123456789abcdef"));
    for (const char *bad :
         {"", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg",
          "0123456789abcde\n", "0123456789abcde/", "../../../../etc/"})
        assert_false(is_id(bad));
}

void a_guid_has_its_dashes_in_place(void **)
{
    assert_true(is_guid("a11ce000-0000-4000-8000-000000000003"));
    assert_true(is_guid("A11CE000-0000-4000-8000-00000000000F"));
    for (const char *bad :
         {"", "a11ce000-0000-4000-8000-00000000000", "a11ce000-0000-4000-8000-0000000000033",
          "a11ce0000-000-4000-8000-000000000003", "{a11ce000-0000-4000-8000-0000000000}",
          "a11ce000-0000-4000-8000-00000000000g", "a11ce000-0000-4000-8000-00000000000\n",
          "a11ce000000004000800000000000000003a", "------------------------------------"})
        assert_false(is_guid(bad));
}

void what_can_move_or_hide_text_becomes_a_question_mark(void **)
{
    struct Case {
        std::string_view in, out;
    };
    const Case cases[] = {
        {"plain text, \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
         "plain text, \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {{"a\0b", 3}, "a?b"},
        {"a\nb\rc\td", "a?b?c?d"},
        {"\x1B[31m", "?[31m"},
        {"\x7F", "?"},
        {"\xC2\x9B", "?"},           // C1: CSI in one character
        {"\xC2\xAD", "?"},           // soft hyphen
        {"\xE2\x80\x8B", "?"},       // zero width space
        {"\xE2\x80\x8D", "?"},       // zero width joiner
        {"\xE2\x80\xAE", "?"},       // right-to-left override
        {"\xE2\x81\xA6", "?"},       // left-to-right isolate
        {"\xD8\x9C", "?"},           // Arabic letter mark
        {"\xEF\xBB\xBF", "?"},       // byte order mark
        {"\xE2\x80\xA8", "?"},       // line separator
        {"\xF3\xA0\x81\x81", "?"},   // tag A
        {"\x80", "?"},               // a byte that only continues
        {"\xFF\xFE", "??"},          // no UTF-8 at all
        {"\xC0\xAF", "??"},          // overlong slash
        {"\xE0\x80\xAF", "???"},     // the same in three bytes
        {"\xED\xA0\x80", "???"},     // a surrogate
        {"\xF4\x90\x80\x80", "????"} // past U+10FFFF
    };
    for (const Case &one : cases)
        assert_text(safe_text(one.in, 100), one.out);
}

void a_character_cut_off_by_the_end_is_not_read_past_it(void **)
{
    // Exactly sized heap blocks: a sanitizer sees a byte too many.
    for (const std::string_view whole : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
        for (std::size_t size = 1; size < whole.size(); ++size) {
            const std::vector<char> bytes(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(size));
            assert_text(safe_text({bytes.data(), bytes.size()}, 100), std::string(size, '?'));
        }
    }
}

void safe_text_never_cuts_within_a_character(void **)
{
    const std::string_view text = "a\xE2\x82\xAC\xF0\x9F\x98\x80z";
    const std::size_t kept[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
    for (std::size_t most = 0; most < std::size(kept); ++most)
        assert_text(safe_text(text, most), text.substr(0, kept[most]));
}

void durations_are_read_as_people_write_them(void **)
{
    struct Case {
        const char *text;
        long long seconds;
    };
    const Case cases[] = {{"0s", 0},          {"30s", 30},   {"15m", 900},        {"1h30m", 5400},
                          {"8h", 28800},      {"1d", 86400}, {"1d1h1m1s", 90061}, {"90m", 5400},
                          {"366d", 31622400}, {"007s", 7},   {"1d0s", 86400}};
    for (const Case &one : cases) {
        const auto read = parse_duration(one.text);
        assert_true(read.has_value());
        assert_int_equal(read->count(), one.seconds);
    }
    for (const char *bad : {"",
                            "s",
                            "1",
                            "1h30",
                            "-1s",
                            "+1s",
                            " 1s",
                            "1s ",
                            "1 s",
                            "1.5h",
                            "1H",
                            "1m1h",
                            "1h1h",
                            "1s1s",
                            "367d",
                            "366d1s",
                            "1000000000s",
                            "999999999d",
                            "99999999999999999999s",
                            "1w",
                            "1y",
                            "inf",
                            "0x1s",
                            "1h\n",
                            "\xC2\xB9s"})
        assert_false(parse_duration(bad).has_value());
    assert_false(parse_duration({"1s\0", 3}).has_value());
}

void each_duration_is_read_back_from_its_shortest_text(void **)
{
    assert_text(format_duration(seconds{0}), "0s");
    assert_text(format_duration(seconds{5400}), "1h30m");
    assert_text(format_duration(seconds{86400}), "1d");
    assert_text(format_duration(seconds{-5}), "0s");
    for (long long count = 0; count < 31622400; count += 9973) {
        const auto back = parse_duration(format_duration(seconds{count}));
        assert_true(back.has_value());
        assert_int_equal(back->count(), count);
    }
}

void times_are_rfc_3339_in_utc_and_whole_seconds(void **)
{
    const WallTime time{seconds{1'773'740'465}};
    assert_text(format_time(time), "2026-03-17T09:41:05Z");
    assert_true(parse_time("2026-03-17T09:41:05Z") == time);
    assert_text(format_time(WallTime{}), "1970-01-01T00:00:00Z");
    assert_true(parse_time("2024-02-29T00:00:00Z").has_value());
    for (const char *bad :
         {"", "2026-03-17T09:41:05", "2026-03-17t09:41:05z", "2026-03-17 09:41:05Z",
          "2026-03-17T09:41:05+00:00", "2026-03-17T09:41:05.5Z", "2026-03-17T24:00:00Z",
          "2026-03-17T09:60:00Z", "2026-03-17T09:41:60Z", "2026-02-29T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
          "2026-04-31T00:00:00Z", "2026-03-17T09:41:05Z ", "-026-03-17T09:41:05Z",
          "2026-03-17T09:41:05ZZ"})
        assert_false(parse_time(bad).has_value());
}

void every_written_time_is_read_back(void **)
{
    for (long long at = 0; at < 253'402'300'800; at += 86'400 * 37 + 12'347) {
        const WallTime time{seconds{at}};
        assert_true(parse_time(format_time(time)) == time);
    }
}

void a_glob_matches_whole_texts(void **)
{
    struct Case {
        const char *pattern, *text;
        bool matches;
    };
    const Case cases[] = {
        {"*", "", true},          {"*", "anything", true},   {"", "", true},
        {"", "a", false},         {"?", "", false},          {"?", "a", true},
        {"db*", "db01", true},    {"db*", "db", true},       {"db*", "adb", false},
        {"*db", "db01", false},   {"a?c", "abc", true},      {"a?c", "ac", false},
        {"a*b*c", "aXbYc", true}, {"a*b*c", "aXcYb", false}, {"**", "a", true},
        {"a*", "A", false},       {"[ab]", "a", false},      {"[ab]", "[ab]", true},
        {"a\\*", "a*", false},    {"*a*", "bab", true},      {"*ab", "aab", true},
        {"*?", "", false},        {"?*", "x", true},         {"a*a", "a", false},
        {"a.c", "abc", false},
    };
    for (const Case &one : cases)
        assert_true(matches_glob(one.pattern, one.text) == one.matches);
    assert_true(matches_glob("*", std::string_view{"a\0b", 3}));
    // A star in the text is a letter like any other.
    assert_false(matches_glob("a", "*"));
    assert_true(matches_glob("?", "*"));
}

void a_hostile_glob_takes_no_exponential_time(void **)
{
    std::string pattern;
    for (int i = 0; i < 1000; ++i)
        pattern += "*a";
    pattern += "*b";
    const std::string text(5000, 'a');
    const auto begin = std::chrono::steady_clock::now();
    assert_false(matches_glob(pattern, text));
    assert_false(matches_glob("*" + std::string(2000, 'a') + "b", text));
    assert_true(std::chrono::steady_clock::now() - begin < seconds{5});
}

void lower_case_and_hex_are_for_ascii_bytes(void **)
{
    assert_text(to_lower("AbZ-\xC3\x89"), "abz-\xC3\x89");
    assert_text(encode_hex({"\x00\xff\x10", 3}), "00ff10");
    assert_text(encode_hex({}), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_one_harmless_path_component),
        cmocka_unit_test(a_name_has_at_most_64_bytes),
        cmocka_unit_test(an_id_is_16_lower_case_hex_digits),
        cmocka_unit_test(a_guid_has_its_dashes_in_place),
        cmocka_unit_test(what_can_move_or_hide_text_becomes_a_question_mark),
        cmocka_unit_test(a_character_cut_off_by_the_end_is_not_read_past_it),
        cmocka_unit_test(safe_text_never_cuts_within_a_character),
        cmocka_unit_test(durations_are_read_as_people_write_them),
        cmocka_unit_test(each_duration_is_read_back_from_its_shortest_text),
        cmocka_unit_test(times_are_rfc_3339_in_utc_and_whole_seconds),
        cmocka_unit_test(every_written_time_is_read_back),
        cmocka_unit_test(a_glob_matches_whole_texts),
        cmocka_unit_test(a_hostile_glob_takes_no_exponential_time),
        cmocka_unit_test(lower_case_and_hex_are_for_ascii_bytes),
    };
    return cmocka_run_group_tests_name("base/text", tests, nullptr, nullptr);
}
