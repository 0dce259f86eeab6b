#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "lib/ipc/confining.h"
#include "lib/ipc/message.h"

using namespace jit;
using namespace jit::ipc;
using namespace std::chrono_literals;

namespace {

Json parse(const std::string &text)
{
    return *decode_object(text);
}

void each_message_survives_the_wire(void **)
{
    const auto call = decode_confine_call(encode(ConfineCall{"0123456789abcdef", 4711}).get());
    assert_true(call.has_value());
    assert_text(call->id, "0123456789abcdef");
    assert_int_equal(call->pid, 4711);
    assert_text(decode_warn_call(encode(WarnCall{"0123456789abcdef"}).get())->id,
                "0123456789abcdef");
    assert_true(decode_confine_reply(encode(ConfineReply{600s}).get())->left == 600s);
    assert_false(decode_confine_reply(encode(ConfineReply{}).get())->left.has_value());
    assert_true(decode_session_reply(encode(SessionReply{1s}).get())->left == 1s);
    assert_false(decode_session_reply(encode(SessionReply{}).get())->left.has_value());
}

void no_call_reaches_the_service_manager_or_nobody(void **)
{
    for (const char *text :
         {R"({"id":"0123456789abcdef","pid":1})", R"({"id":"0123456789abcdef","pid":0})",
          R"({"id":"0123456789abcdef","pid":-7})", R"({"id":"0123456789abcdef","pid":4194305})",
          R"({"id":"0123456789abcdef","pid":"7"})", R"({"id":"0123456789abcdef"})",
          R"({"id":"0123456789ABCDEF","pid":7})", R"({"pid":7})",
          R"({"id":"0123456789abcdef","pid":7,"uid":0})"})
        assert_true(decode_confine_call(parse(text).get()).error().code == Code::bad_input);
}

void a_reply_with_another_time_than_one_is_refused(void **)
{
    for (const char *text : {R"({"left":0})", R"({"left":-1})", R"({"left":"600"})",
                             R"({"left":31622401})", R"({"right":1})"}) {
        assert_false(decode_confine_reply(parse(text).get()).has_value());
        assert_false(decode_session_reply(parse(text).get()).has_value());
    }
    assert_false(decode_warn_call(parse(R"({"id":"x"})").get()).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_message_survives_the_wire),
        cmocka_unit_test(no_call_reaches_the_service_manager_or_nobody),
        cmocka_unit_test(a_reply_with_another_time_than_one_is_refused),
    };
    return cmocka_run_group_tests_name("ipc/confining", tests, nullptr, nullptr);
}
