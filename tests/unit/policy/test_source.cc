#include "tests/unit/cmocka_cpp.h"

#include <array>

#include "policy/nearest.h"
#include "policy/source.h"
#include "policy/toml_shape.h"

using namespace jit::policy;

namespace {

std::string canonical(std::vector<SourceFile> files)
{
    return canonical_text(files);
}

void a_diagnostic_shows_as_much_of_its_place_as_it_has(void **)
{
    Diagnostic diagnostic{Diagnostic::Kind::error, "a.toml", 3, 7, "wrong"};
    assert_text(format_diagnostic(diagnostic), "a.toml:3:7: wrong");
    diagnostic.column = 0;
    assert_text(format_diagnostic(diagnostic), "a.toml:3: wrong");
    diagnostic.line = 0;
    diagnostic.kind = Diagnostic::Kind::warning;
    assert_text(format_diagnostic(diagnostic), "a.toml: warning: wrong");
    diagnostic.file.clear();
    assert_text(format_diagnostic(diagnostic), "warning: wrong");
}

void warnings_alone_are_no_error(void **)
{
    assert_false(has_error({}));
    assert_false(has_error({{Diagnostic::Kind::warning, "", 0, 0, ""}}));
    assert_true(has_error({{Diagnostic::Kind::warning, "", 0, 0, ""}, {}}));
}

void canonical_text_leaves_the_folder_out_and_keeps_the_rest(void **)
{
    const std::string expected{"a.toml\0"
                               "3\0"
                               "xyz"
                               "b.toml\0"
                               "0\0",
                               21};
    assert_true(canonical({{"/etc/a.toml", "xyz"}, {"/etc/b.toml", ""}}) == expected);
    assert_true(canonical({{"/var/lib/a.toml", "xyz"}, {"b.toml", ""}}) == expected);
    assert_true(canonical({}).empty());
}

void canonical_text_differs_for_sets_that_differ(void **)
{
    const std::vector<std::string> all{
        canonical({{"a", "xy"}}),
        canonical({{"a", "x"}, {"b", "y"}}),
        canonical({{"b", "y"}, {"a", "x"}}),
        canonical({{"a", "x"}}),
        canonical({{"ax", ""}}),
        canonical({{"a", std::string{"x\0b\0001\0y", 8}}}),
    };
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            assert_true(all[i] != all[j]);
}

void nearest_finds_a_slip_and_nothing_far_off(void **)
{
    static constexpr std::array<std::string_view, 4> known{"groups", "hosts", "max_duration",
                                                           "map"};
    assert_text(nearest("group", known), "groups");
    assert_text(nearest("gruops", known), "groups"); // two neighbours swapped
    assert_text(nearest("maxduration", known), "max_duration");
    assert_text(nearest("max-duration", known), "max_duration");
    assert_text(nearest("host", known), "hosts");
    assert_text(nearest("zebra", known), "");
    assert_text(nearest("", known), "");
    assert_text(nearest(std::string(100000, 'g'), known), "");
    assert_text(nearest("group", {}), "");
    assert_text(suggest("mpa", known), ", did you mean \"map\"?");
    assert_text(suggest("qqq", known), "");
}

void shape_counts_dots_of_a_line_outside_of_strings_only(void **)
{
    const std::string dots(17, '.');
    struct Row {
        std::string text;
        unsigned line; // 0: fine
    };
    for (const Row &row : std::initializer_list<Row>{
             {"", 0},
             {dots, 1},
             {dots.substr(1), 0},
             {dots.substr(1) + "\n" + dots.substr(1), 0},
             {"#" + dots, 0},
             {"#\n" + dots, 2},
             {"\"" + dots + "\"", 0},
             {"'" + dots + "'", 0},
             {"'\\'" + dots, 1},
             {"\"\\\"" + dots, 0},
             {"\"\\\\\"" + dots, 1},
             {"\"\"" + dots, 1},
             {"\"\"\"\n" + dots + "\n\"\"\"\n" + dots, 4},
             {"\"\"\"a\\\"\"\"\"" + dots, 1},
             {"\"\"\"\"\"\"" + dots, 1},
             {"'''''" + dots + "'''", 0},
             {"''''a''''" + dots, 1},
             {"\"unended\n" + dots, 2},
             {"\"unended\\\n" + dots, 2},
             {"\"\"\"\\\n\"\"\"" + dots, 2},
             {"\"", 0},
             {"\"\\", 0},
             {"'''", 0},
         }) {
        const auto fault = find_shape_fault(row.text);
        assert_int_equal(fault ? fault->line : 0, row.line);
    }
}

void regress_shape_keeps_other_scripts_to_strings_and_comments(void **)
{
    // Outside of them the TOML library asked its own table, which is undefined for these.
    for (const char *text : {"\xC3\xA9 = 1", "[\xEF\xAC\xAB]", "[\xF4\xF4", "x = \xC2\xA0 1",
                             "x = \"\"\"\\\n \n\xEF\xAC\xAB\"\"\"", "x = \"\"\"\\\xC3\xA9\"\"\""})
        assert_true(find_shape_fault(text).has_value());
    for (const char *text : {"x = \"\xC3\xA9\"", "x = '\xC3\xA9'", "# \xC3\xA9", "x = '\\\xC3\xA9'",
                             "x = \"\\n\xC3\xA9\"", "x = '''\n\xC3\xA9'''", "\xEF\xBB\xBF#"})
        assert_false(find_shape_fault(text).has_value());
    const auto fault = find_shape_fault("\nx = '\xC3\xA9\xC3\xA9' \xC3\xA9");
    assert_true(fault.has_value());
    assert_int_equal(fault->line, 2);
    assert_int_equal(fault->column, 10);
}

void shape_finds_a_nul_byte_where_it_is(void **)
{
    const auto fault = find_shape_fault(std::string_view{"a\nbc\0", 5});
    assert_true(fault.has_value());
    assert_int_equal(fault->line, 2);
    assert_int_equal(fault->column, 3);
    assert_false(find_shape_fault(std::string(max_file_bytes, ' ')).has_value());
    assert_true(find_shape_fault(std::string(max_file_bytes + 1, ' ')).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_diagnostic_shows_as_much_of_its_place_as_it_has),
        cmocka_unit_test(warnings_alone_are_no_error),
        cmocka_unit_test(canonical_text_leaves_the_folder_out_and_keeps_the_rest),
        cmocka_unit_test(canonical_text_differs_for_sets_that_differ),
        cmocka_unit_test(nearest_finds_a_slip_and_nothing_far_off),
        cmocka_unit_test(shape_counts_dots_of_a_line_outside_of_strings_only),
        cmocka_unit_test(regress_shape_keeps_other_scripts_to_strings_and_comments),
        cmocka_unit_test(shape_finds_a_nul_byte_where_it_is),
    };
    return cmocka_run_group_tests_name("policy/source", tests, nullptr, nullptr);
}
