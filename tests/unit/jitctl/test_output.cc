#include "tests/unit/cmocka_cpp.h"

#include "jitctl/output.h"
#include "lib/base/text.h"
#include "tests/unit/jitctl/fake_jitd.h"

using namespace jit;
using namespace jit::ctl;
using namespace std::chrono_literals;

namespace {

void time_left_is_rounded_to_what_a_person_needs(void **)
{
    const struct {
        std::chrono::seconds left;
        const char *text;
    } table[] = {{-5s, "over"},   {0s, "over"},         {1s, "1s"},          {59s, "59s"},
                 {60s, "1m"},     {29min + 58s, "30m"}, {29min + 2s, "29m"}, {65min, "1h5m"},
                 {2h - 1s, "2h"}, {24h - 1s, "1d"},     {51h, "2d3h"},       {51h + 10min, "2d3h"}};
    for (const auto &row : table)
        assert_text(format_left(row.left), row.text);
}

void a_grant_is_told_in_one_line(void **)
{
    const WallTime now = *parse_time("2026-03-17T09:41:05Z");
    assert_text(format_granted("web", now + 30min, {"jit-web", "jit-log"}, now),
                "role web until 2026-03-17T10:11:05Z (30m left); groups jit-web,jit-log");
    assert_text(format_granted("web", now + 30min, {}, now),
                "role web until 2026-03-17T10:11:05Z (30m left)");
}

void columns_are_as_wide_as_their_widest_cell(void **)
{
    assert_text(format_table({{"ID", "ROLE", "X"},
                              {"1", "w\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "a"},
                              {"22", "", "b"}}),
                "ID  ROLE   X\n"
                "1   w\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9  a\n"
                "22  -      b\n");
    assert_text(format_table({}), "");
}

void a_cell_cannot_steer_the_terminal_nor_break_the_line(void **)
{
    assert_text(format_table({{"a\x1b[2J\nb"}, {std::string(100, 'x')}}),
                "a?[2J?b\n" + std::string(64, 'x') + "\n");
}

void json_is_one_line_of_ascii(void **)
{
    const Caught out;
    const Output output{out.stream(), stderr, true, false};
    const ipc::Json object{json_pack("{s:s}", "a", "\xe2\x80\xae\x7f\x1b\n")};
    output.print_json(object.get());
    assert_text(out.text(), "{\"a\": \"\\u202E\\u007f\\u001B\\n\"}\n");
}

void a_record_without_reason_or_service_has_them_as_null(void **)
{
    ipc::RequestRecord record;
    record.id = "0123456789abcdef";
    const ipc::Json object = json_of(record);
    assert_true(json_is_null(json_object_get(object.get(), "service")));
    assert_true(json_is_null(json_object_get(object.get(), "reason")));
    assert_non_null(json_object_get(object.get(), "deadline"));
    assert_null(json_object_get(object.get(), "until"));
}

void every_error_of_ours_has_an_exit_code(void **)
{
    const struct {
        Code code;
        Exit exit;
    } table[] = {{Code::unavailable, Exit::unreachable}, {Code::timed_out, Exit::unreachable},
                 {Code::denied, Exit::not_permitted},    {Code::not_found, Exit::not_found},
                 {Code::bad_input, Exit::failed},        {Code::internal, Exit::failed}};
    for (const auto &row : table)
        assert_true(exit_of(Error{row.code, "x"}) == row.exit);
    assert_true(exit_of_error("") == Exit::failed);
    assert_true(exit_of_error("io.jitd.Grant.NotFound") == Exit::failed);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(time_left_is_rounded_to_what_a_person_needs),
        cmocka_unit_test(a_grant_is_told_in_one_line),
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(a_cell_cannot_steer_the_terminal_nor_break_the_line),
        cmocka_unit_test(json_is_one_line_of_ascii),
        cmocka_unit_test(a_record_without_reason_or_service_has_them_as_null),
        cmocka_unit_test(every_error_of_ours_has_an_exit_code),
    };
    return cmocka_run_group_tests_name("jitctl/output", tests, nullptr, nullptr);
}
