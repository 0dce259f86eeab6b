#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "lib/base/clock.h"
#include "policy/pattern.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const Pattern> pattern_of(std::string_view text)
{
    std::string fault;
    auto pattern = Pattern::make(text, fault);
    if (!pattern)
        std::printf("%s: %s\n", std::string{text}.c_str(), fault.c_str());
    assert_non_null(pattern.get());
    assert_text(fault, "");
    return pattern;
}

std::string fault_of(std::string_view text)
{
    std::string fault;
    assert_null(Pattern::make(text, fault).get());
    assert_false(fault.empty());
    // Fit to stand in a diagnostic.
    for (const char c : fault)
        assert_true(c >= ' ' && c != '\x7f');
    assert_true(fault.size() <= 128);
    return fault;
}

void a_pattern_is_found_anywhere_unless_it_is_tied(void **)
{
    const auto free = pattern_of("INC-[0-9]+");
    assert_true(free->is_in("INC-1"));
    assert_true(free->is_in("see INC-12, please"));
    assert_false(free->is_in("INC-"));
    assert_false(free->is_in("inc-1"));
    assert_false(free->is_in(""));
    assert_text(std::string{free->text()}, "INC-[0-9]+");

    const auto tied = pattern_of("^(INC|CHG)-[0-9]+$");
    assert_true(tied->is_in("CHG-7"));
    assert_false(tied->is_in(" CHG-7"));
    assert_false(tied->is_in("CHG-7 "));
    // Neither end is the end of a line within the text.
    assert_false(tied->is_in("CHG-7\n"));
    assert_false(tied->is_in("x\nCHG-7"));
    assert_false(tied->is_in("CHG-7\nx"));
}

void a_pattern_has_the_syntax_of_re2(void **)
{
    assert_true(pattern_of("(?i)^inc")->is_in("INC-1"));
    assert_true(pattern_of("^\\d{3}$")->is_in("123"));
    assert_true(pattern_of("\\bfix\\b")->is_in("a fix."));
    assert_true(pattern_of("^[[:alpha:]]+$")->is_in("abc"));
    assert_true(pattern_of("^\\pL+$")->is_in("\xc3\xa4"));
}

void what_is_no_pattern_is_refused_and_said(void **)
{
    assert_text(fault_of(""), "it is empty");
    assert_text(fault_of("(a"), "missing ): (a");
    assert_text(fault_of("a)"), "unexpected ): a)");
    assert_text(fault_of("[a"), "missing ]: [a");
    assert_text(fault_of("*a"), "no argument for repetition operator: *");
    assert_text(fault_of("a\\"), "trailing \\");
    for (const char *text : {"a**", "[z-a]", "\\8", "(?z)a", "\\p{Nobody}"})
        (void)fault_of(text);
    // What could be matched in no linear time is none of RE2's.
    for (const char *text : {"(a)\\1", "(?=a)b", "(?!a)b", "(?<=a)b", "(?>a)b", "a++"})
        (void)fault_of(text);
}

void a_pattern_of_257_bytes_is_refused(void **)
{
    assert_true(pattern_of(std::string(256, 'a'))->is_in(std::string(256, 'a')));
    assert_text(fault_of(std::string(257, 'a')), "it is longer than 256 bytes");
    assert_text(fault_of(std::string(1'000'000, '(')), "it is longer than 256 bytes");
}

void a_pattern_that_needs_too_much_memory_is_refused(void **)
{
    for (const char *text :
         {"((a{100}){100}){100}", "(((a{30}){30}){30}){30}", "a{1001}", "((\\pL{100}){10}){10}",
          "(\\pL\\pN){400}", "\\pL{1000}", "(.{500}.{500}){3}x"})
        (void)fault_of(text);
    std::string deep;
    for (int i = 0; i < 85; ++i)
        deep += "(a*";
    (void)fault_of(deep);
}

void a_hostile_pattern_is_matched_in_time_linear_in_the_text(void **)
{
    const std::string text = std::string(64 * 1024, 'a') + "!";
    for (const char *hostile : {"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(a*)*$", "^(.*a){12}$",
                                "^a*a*a*a*a*a*a*a*b$", "(a?){50}a{50}b"}) {
        const auto pattern = pattern_of(hostile);
        const auto begun = jit::read_clocks().boot;
        assert_false(pattern->is_in(text));
        assert_true(jit::read_clocks().boot - begun < 5s);
    }
    // As many states as make a matcher go back to the slow way: slow is linear, too.
    const auto wide = pattern_of("^[ab]*a[ab]{250}c$");
    std::string words;
    for (unsigned i = 0, state = 1; i < 8192; ++i) {
        state = state * 1'103'515'245 + 12'345;
        words += (state >> 16) % 2 == 0 ? 'a' : 'b';
    }
    const auto begun = jit::read_clocks().boot;
    assert_false(wide->is_in(words));
    assert_true(wide->is_in("a" + words.substr(0, 250) + "c"));
    assert_true(jit::read_clocks().boot - begun < 5s);
}

void texts_are_utf_8(void **)
{
    assert_true(pattern_of("^.$")->is_in("\xc3\xa4"));
    assert_true(pattern_of("^.{2}$")->is_in("\xe2\x82\xac\xf0\x9f\x94\x91"));
    assert_true(pattern_of("^\xc3\xa4{2}$")->is_in("\xc3\xa4\xc3\xa4"));
    assert_false(pattern_of("^[a-z]+$")->is_in("\xc3\xa4"));
    // Half a character is none, in either.
    assert_false(pattern_of("^.$")->is_in("\xc3"));
    assert_false(pattern_of("^.+$")->is_in("ok\xff"));
    (void)fault_of("\xc3");
    (void)fault_of("a\xff");
    assert_text(fault_of("[\x1b"), "missing ]: [?");
}

void a_nul_is_a_character_like_any_other(void **)
{
    const std::string_view text{"INC-1\0 rm", 9};
    assert_false(pattern_of("^INC-[0-9]+$")->is_in(text));
    assert_true(pattern_of("^INC-[0-9]+")->is_in(text));
    assert_true(pattern_of("rm$")->is_in(text));
    const auto with_nul = pattern_of(std::string_view{"1\0 r", 4});
    assert_true(with_nul->is_in(text));
    assert_false(with_nul->is_in("1 r"));
    assert_int_equal(with_nul->text().size(), 4);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_found_anywhere_unless_it_is_tied),
        cmocka_unit_test(a_pattern_has_the_syntax_of_re2),
        cmocka_unit_test(what_is_no_pattern_is_refused_and_said),
        cmocka_unit_test(a_pattern_of_257_bytes_is_refused),
        cmocka_unit_test(a_pattern_that_needs_too_much_memory_is_refused),
        cmocka_unit_test(a_hostile_pattern_is_matched_in_time_linear_in_the_text),
        cmocka_unit_test(texts_are_utf_8),
        cmocka_unit_test(a_nul_is_a_character_like_any_other),
    };
    return cmocka_run_group_tests_name("policy/pattern", tests, nullptr, nullptr);
}
