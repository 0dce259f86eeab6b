#include "tests/unit/cmocka_cpp.h"

#include <map>
#include <string>
#include <tuple>

#include "doctor/pam_file.h"

using namespace jit::doctor;

namespace {

void a_line_has_its_parts(void **)
{
    const auto lines =
        parse_pam_file("sudo", "#%PAM-1.0\n"
                               "\n"
                               "-auth\tREQUISITE  pam_jit.so role=web  only=a,b # x\n"
                               "Account [default=die success=ok] /lib/pam_x.so\n"
                               "session required pam_exec.so [a b \\] c] d\n"
                               "@include common-auth\n");
    assert_int_equal(lines.size(), 4);
    assert_text(lines[0].file, "sudo");
    assert_int_equal(lines[0].number, 3);
    assert_text(lines[0].kind, "auth");
    assert_text(lines[0].control, "requisite");
    assert_text(lines[0].module, "pam_jit.so");
    assert_true(lines[0].arguments == (std::vector<std::string>{"role=web", "only=a,b"}));
    assert_text(lines[1].kind, "account");
    assert_text(lines[1].control, "[default=die success=ok]");
    assert_true(lines[2].arguments == (std::vector<std::string>{"[a b ] c]", "d"}));
    assert_text(lines[3].kind, "");
    assert_text(lines[3].module, "common-auth");
}

void a_line_goes_on_after_a_backslash_and_keeps_its_number(void **)
{
    const auto lines =
        parse_pam_file("x", "auth \\\n  required \\\n  pam_a.so\nauth required pam_b.so");
    assert_int_equal(lines.size(), 2);
    assert_int_equal(lines[0].number, 1);
    assert_text(lines[0].module, "pam_a.so");
    assert_int_equal(lines[1].number, 4);
    assert_text(lines[1].module, "pam_b.so");
}

void what_is_no_line_is_left_out(void **)
{
    for (const char *text : {"", "\n", "#", "\\", "auth", "auth required", "auth [success=ok",
                             "frob required pam_a.so", "@include", "required auth pam_a.so"})
        assert_true(parse_pam_file("x", text).empty());
    std::string many;
    for (int i = 0; i < 5000; ++i)
        many += "auth required pam_a.so\n";
    assert_int_equal(parse_pam_file("x", many).size(), 1000);
}

void a_control_word_is_what_pam_conf_says_it_is(void **)
{
    using Kind = Action::Kind;
    const auto kind = [](const char *control, const char *value) {
        return parse_control(control)->of(value).kind;
    };
    for (const auto &[word, success, ignored, refused] :
         {std::tuple{"required", Kind::ok, Kind::ignore, Kind::bad},
          std::tuple{"requisite", Kind::ok, Kind::ignore, Kind::die},
          std::tuple{"sufficient", Kind::done, Kind::ignore, Kind::ignore},
          std::tuple{"optional", Kind::ok, Kind::ignore, Kind::ignore}}) {
        assert_true(kind(word, "success") == success);
        assert_true(kind(word, "ignore") == ignored);
        assert_true(kind(word, "perm_denied") == refused);
    }
    const auto read = parse_control("[success=2 ignore=ignore abort=reset default=die]");
    assert_true(read.has_value());
    assert_int_equal(read->of("success").jump, 2);
    assert_true(read->of("abort").kind == Kind::reset);
    assert_true(read->of("auth_err").kind == Kind::die);
    // Without a default what is not named is bad.
    assert_true(parse_control("[success=ok]")->of("auth_err").kind == Kind::bad);
    for (const char *none : {"", "include", "frob", "[success]", "[success=]", "[success=0]",
                             "[success=-1]", "[success=1x]", "[success=frob]", "["})
        assert_false(parse_control(none).has_value());
}

void what_is_included_stands_in_its_place_and_a_substack_in_its_own(void **)
{
    const std::map<std::string, std::string> files = {
        {"a", "auth required pam_1.so\n@include b\nauth substack c\nauth required pam_5.so\n"},
        {"b", "auth include d\naccount required pam_other.so\n"},
        {"c", "auth required pam_4.so\n"},
        {"d", "auth required pam_2.so\nauth required pam_3.so\n"}};
    const auto read = [&](const std::string &name) {
        const auto found = files.find(name);
        return found == files.end() ? std::optional<std::string>{} : found->second;
    };
    const auto items = read_stack("a", "auth", read);
    assert_int_equal(items.size(), 5);
    assert_text(items[1].line.module, "pam_2.so");
    assert_text(items[1].line.file, "d");
    assert_int_equal(items[3].substack.size(), 1);
    assert_text(items[3].substack[0].line.module, "pam_4.so");
    assert_true(read_stack("none", "auth", read).empty());
}

void files_that_include_each_other_come_to_an_end(void **)
{
    int reads = 0;
    const auto read = [&](const std::string &) {
        ++reads;
        return std::optional<std::string>{
            "auth include x\nauth substack x\nauth include x\nauth required pam_a.so\n"};
    };
    (void)read_stack("x", "auth", read);
    assert_true(reads <= 1001);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_parts),
        cmocka_unit_test(a_line_goes_on_after_a_backslash_and_keeps_its_number),
        cmocka_unit_test(what_is_no_line_is_left_out),
        cmocka_unit_test(a_control_word_is_what_pam_conf_says_it_is),
        cmocka_unit_test(what_is_included_stands_in_its_place_and_a_substack_in_its_own),
        cmocka_unit_test(files_that_include_each_other_come_to_an_end),
    };
    return cmocka_run_group_tests_name("doctor/pam_file", tests, nullptr, nullptr);
}
