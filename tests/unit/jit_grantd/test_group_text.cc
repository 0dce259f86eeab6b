#include "tests/unit/cmocka_cpp.h"

#include "jit_grantd/group_text.h"

using namespace jit;
using namespace jit::grantd;

namespace {

void expect_added(std::string_view text, const char *wanted)
{
    const auto made = add_member(text, {"alice", "web"});
    assert_true(made.has_value());
    assert_text(*made, wanted);
    if (*made != text)
        assert_text(remove_member(*made, {"alice", "web"}), std::string{text}.c_str());
}

void expect_not_added(std::string_view text, Code code)
{
    const auto made = add_member(text, {"alice", "web"});
    assert_false(made.has_value());
    assert_int_equal(static_cast<int>(made.error().code), static_cast<int>(code));
}

void a_member_is_added_at_the_end_of_the_line_and_removed_without_a_trace(void **)
{
    expect_added("web:x:1:\n", "web:x:1:alice\n");
    expect_added("web:x:1:bob\n", "web:x:1:bob,alice\n");
    expect_added("web:x:1:", "web:x:1:alice"); // no newline at the end
    expect_added("a:x:0:b\nweb:!:bob:bob,\nz:x:2:\n", "a:x:0:b\nweb:!:bob:bob,,alice\nz:x:2:\n");
}

void who_is_a_member_already_changes_nothing(void **)
{
    expect_added("web:x:1:alice\n", "web:x:1:alice\n");
    expect_added("web:x:1:bob,alice,carol\n", "web:x:1:bob,alice,carol\n");
}

void every_other_byte_of_the_file_stays(void **)
{
    expect_added(
        "# web:x:1:\n\r\n+web:::\nwebs:x:3:alice\n we:x\nweb:x:1:\nwin:x:2:bob\r\n\n",
        "# web:x:1:\n\r\n+web:::\nwebs:x:3:alice\n we:x\nweb:x:1:alice\nwin:x:2:bob\r\n\n");
}

void a_line_that_is_not_wholly_understood_is_not_written_into(void **)
{
    for (const char *text : {"web:x:1\n", "web:x:1:bob:more\n", "web:x:1:\r\n", " web:x:1:\n",
                             "web:x:1:bob, carol\n", "web:x:1:a\tb\n"})
        expect_not_added(text, Code::bad_input);
    expect_not_added("web:x:1:\nweb:x:1:bob\n", Code::bad_input); // which one is it?
    expect_not_added(std::string_view{"a\0b\nweb:x:1:\n", 14}, Code::bad_input);
}

void a_group_without_a_line_is_not_found(void **)
{
    for (const char *text : {"", "\n", "web", "webs:x:1:\n", "#web:x:1:\n", "x:web:1:\n"})
        expect_not_added(text, Code::not_found);
}

void a_file_that_is_too_large_is_left_alone(void **)
{
    std::string text = "web:x:1:\n";
    text.append(max_group_text - text.size() - 5, '#');
    expect_not_added(text, Code::bad_input);
    text.pop_back();
    text.pop_back();
    assert_true(add_member(text, {"bob", "web"}).has_value());
}

void names_that_are_none_are_refused(void **)
{
    for (const char *bad : {"", "a,b", "a:b", "a\nb", "-a", "1"}) {
        assert_false(add_member("web:x:1:\n", {bad, "web"}).has_value());
        assert_false(add_member("web:x:1:\n", {"alice", bad}).has_value());
    }
}

// As the C library reads it: blanks before a line and before a name are none of theirs.
void a_member_is_seen_and_removed_as_the_c_library_sees_him(void **)
{
    for (const char *text : {"web:x:1:alice", " \tweb:x:1:bob, alice\n", "web:x:1:,,alice,\n",
                             "web:x:1:\nweb:x:1:alice\n", "web:x:1:bob:,alice\n"}) {
        assert_true(lists_member(text, {"alice", "web"}));
        assert_false(lists_member(remove_member(text, {"alice", "web"}), {"alice", "web"}));
    }
    for (const char *text : {"", "web", "web:x:1", "web:alice:1:", "#web:x:1:alice\n",
                             "web:x:1:alice\r\n", "webs:x:1:alice\n", "web:x:1:alices,malice\n"}) {
        assert_false(lists_member(text, {"alice", "web"}));
        assert_text(remove_member(text, {"alice", "web"}), text);
    }
}

void a_member_who_stands_there_twice_is_removed_wholly(void **)
{
    assert_text(remove_member("web:x:1:alice,bob,alice\nweb:x:2:alice\n", {"alice", "web"}),
                "web:x:1:bob\nweb:x:2:\n");
}

void whether_a_group_has_a_line(void **)
{
    assert_true(has_group_line("a:x:0:\nweb:x:1:\n", "web"));
    assert_false(has_group_line("a:x:0:web\n#web:x:1:\n", "web"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_added_at_the_end_of_the_line_and_removed_without_a_trace),
        cmocka_unit_test(who_is_a_member_already_changes_nothing),
        cmocka_unit_test(every_other_byte_of_the_file_stays),
        cmocka_unit_test(a_line_that_is_not_wholly_understood_is_not_written_into),
        cmocka_unit_test(a_group_without_a_line_is_not_found),
        cmocka_unit_test(a_file_that_is_too_large_is_left_alone),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(a_member_is_seen_and_removed_as_the_c_library_sees_him),
        cmocka_unit_test(a_member_who_stands_there_twice_is_removed_wholly),
        cmocka_unit_test(whether_a_group_has_a_line),
    };
    return cmocka_run_group_tests_name("jit_grantd/group_text", tests, nullptr, nullptr);
}
