#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "lib/ipc/frame.h"
#include "lib/ipc/message.h"

using namespace jit;
using namespace jit::ipc;

namespace {

std::string nested(unsigned depth)
{
    // The object itself is the first level.
    return "{\"parameters\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

void a_call_is_read_with_its_flags(void **)
{
    const auto plain = decode_call(R"({"method":"a.b.C"})");
    assert_true(plain.has_value());
    assert_text(plain->method, "a.b.C");
    assert_true(json_is_object(plain->parameters.get()));
    assert_false(plain->more || plain->oneway);

    const auto full = decode_call(
        " {\"method\":\"a.b.C\",\"parameters\":{\"x\":[1]},\"more\":true,\"oneway\":false,"
        "\"upgrade\":false} ");
    assert_true(full.has_value());
    assert_true(full->more);
    assert_int_equal(json_array_size(json_object_get(full->parameters.get(), "x")), 1);
}

void a_call_that_is_not_exactly_one_is_refused(void **)
{
    for (const char *bad : {
             "",
             " ",
             "null",
             "true",
             "1",
             "\"text\"",
             "[]",
             "[{\"method\":\"a.b.C\"}]",
             "{",
             "}",
             "{}",
             "{\"method\":\"\"}",
             "{\"method\":null}",
             "{\"method\":1}",
             "{\"method\":[\"a.b.C\"]}",
             "{\"parameters\":{}}",
             "{\"method\":\"a.b.C\",}",
             "{\"method\":\"a.b.C\"} x",
             "{\"method\":\"a.b.C\"}{\"method\":\"a.b.C\"}",
             "{\"method\":\"a.b.C\"} {}",
             "{\"method\":\"a.b.C\",\"method\":\"a.b.D\"}",
             "{\"method\":\"a.b.C\",\"\\u006dethod\":\"a.b.D\"}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":1,\"x\":2}}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":{\"y\":1,\"y\":1}}}",
             "{\"method\":\"a.b.C\",\"parameters\":[]}",
             "{\"method\":\"a.b.C\",\"parameters\":\"x\"}",
             "{\"method\":\"a.b.C\",\"parameters\":null}",
             "{\"method\":\"a.b.C\",\"more\":1}",
             "{\"method\":\"a.b.C\",\"more\":null}",
             "{\"method\":\"a.b.C\",\"more\":\"true\"}",
             "{\"method\":\"a.b.C\",\"oneway\":{}}",
             "{\"method\":\"a.b.C\",\"more\":true,\"oneway\":true}",
             "{\"method\":\"a.b.C\",\"upgrade\":true}",
             "{\"method\":\"a.b.C\",\"upgrade\":0}",
             "{\"method\":\"a.b.C\",\"other\":1}",
             "{\"method\":\"a.b.C\",\"\":1}",
             "{\"Method\":\"a.b.C\"}",
             "{'method':'a.b.C'}",
             "{\"method\":\"a.b\\u0000C\"}",
             "{\"method\":\"a.b.C\",\"x\\u0000\":1}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":\"\\u0000\"}}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":\"\\ud800\"}}",
             "{\"method\":\"\xFF\"}",
             "{\"method\":\"\xC0\xAF\"}",
             "{\"method\":\"\xED\xA0\x80\"}",
             "{\"method\":\"a.b.C\n\"}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":1e999}}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":99999999999999999999}}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":01}}",
             "{\"method\":\"a.b.C\",\"parameters\":{\"x\":NaN}}",
             "\xEF\xBB\xBF{\"method\":\"a.b.C\"}",
             "/**/{\"method\":\"a.b.C\"}",
         }) {
        const auto read = decode_call(bad);
        if (read)
            print_error("accepted: %s\n", bad);
        assert_false(read.has_value());
        assert_true(read.error().code == Code::bad_input);
    }
    assert_false(decode_call({"{\"method\":\"a.b.C\"}\0", 19}).has_value());
    assert_false(decode_call({"\0{\"method\":\"a.b.C\"}", 19}).has_value());
}

void depth_16_passes_and_17_does_not(void **)
{
    assert_true(decode_object(nested(16)).has_value());
    assert_false(decode_object(nested(17)).has_value());
    const std::string deep(60'000, '[');
    assert_false(decode_object("{\"a\":" + deep).has_value());
    std::string objects;
    for (int i = 0; i < 10'000; ++i)
        objects += "{\"a\":";
    assert_false(decode_object(objects).has_value());
}

void brackets_within_text_are_no_depth(void **)
{
    assert_true(decode_object("{\"a\":\"" + std::string(100, '[') + "\"}").has_value());
    assert_true(decode_object("{\"a\\\"" + std::string(100, '{') + "\":1}").has_value());
    // A quote that is escaped does not end the text, an escaped backslash does not hide the quote.
    const std::string fifteen = std::string(15, '[') + std::string(15, ']');
    assert_true(decode_object("{\"a\":\"\\\\\",\"b\":" + fifteen + "}").has_value());
    assert_false(decode_object("{\"a\":\"\\\\\",\"b\":[" + fifteen + "]}").has_value());
    // What closes too often cannot buy depth.
    assert_false(decode_object("]]]]]]" + nested(17)).has_value());
    assert_false(decode_object("{\"a\":\"\\").has_value());
}

void a_text_past_64_kib_is_refused(void **)
{
    const std::string shell = "{\"a\":\"\"}";
    const std::string fits = "{\"a\":\"" + std::string(max_frame_bytes - shell.size(), 'x') + "\"}";
    assert_int_equal(fits.size(), max_frame_bytes);
    assert_true(decode_object(fits).has_value());
    assert_false(decode_object(fits + " ").has_value());
}

void a_reply_is_read_with_its_error(void **)
{
    const auto plain = decode_reply("{}");
    assert_true(plain.has_value());
    assert_true(plain->error.empty());
    assert_true(json_is_object(plain->parameters.get()));
    const auto more = decode_reply(R"({"parameters":{"x":1},"continues":true})");
    assert_true(more.has_value() && more->continues);
    const auto error = decode_reply(R"({"error":"a.b.No","parameters":{"message":"no"}})");
    assert_true(error.has_value());
    assert_text(error->error, "a.b.No");

    for (const char *bad :
         {"", "[]", "{\"error\":\"\"}", "{\"error\":null}", "{\"error\":1}", "{\"parameters\":1}",
          "{\"continues\":1}", "{\"error\":\"a.b.No\",\"continues\":true}",
          "{\"method\":\"a.b.C\"}", "{\"parameters\":{},\"parameters\":{}}", "{} {}"})
        assert_false(decode_reply(bad).has_value());
}

void what_is_encoded_is_read_back(void **)
{
    const Json parameters{json_pack("{s:s}", "x", "a\"b\n\x01")};
    for (const bool flag : {false, true}) {
        const auto text = encode_call("a.b.C", parameters.get(), flag, !flag);
        assert_true(text.has_value());
        assert_int_equal(text->back(), '\0');
        assert_true(text->find('\0') == text->size() - 1);
        const auto call = decode_call(text->substr(0, text->size() - 1));
        assert_true(call.has_value());
        assert_true(call->more == flag && call->oneway == !flag);
        assert_true(json_equal(call->parameters.get(), parameters.get()));

        const auto reply_text = encode_reply(parameters.get(), flag);
        assert_true(reply_text.has_value());
        const auto reply = decode_reply(reply_text->substr(0, reply_text->size() - 1));
        assert_true(reply.has_value() && reply->continues == flag && reply->error.empty());
    }
    const auto error = encode_error("a.b.No", make_message("why").get());
    const auto read = decode_reply(error->substr(0, error->size() - 1));
    assert_text(read->error, "a.b.No");
    assert_text(json_string_value(json_object_get(read->parameters.get(), "message")), "why");
    assert_text(*encode_reply(nullptr, false), std::string{"{\"parameters\":{}}"});
}

void nothing_longer_than_a_frame_is_encoded(void **)
{
    // {"parameters":{"message":"..."}}
    const std::size_t shell = encode_reply(make_message("").get(), false)->size() - 1;
    const std::string fits(max_frame_bytes - shell, 'x');
    const auto text = encode_reply(make_message(fits).get(), false);
    assert_true(text.has_value());
    assert_int_equal(text->size(), max_frame_bytes + 1);
    const std::string over = fits + "x";
    assert_false(encode_reply(make_message(over).get(), false).has_value());
    assert_false(encode_error("a.b.No", make_message(over).get()).has_value());
    assert_false(encode_call("a.b.C", make_message(over).get(), false, false).has_value());
}

void text_that_is_not_utf8_gives_no_message(void **)
{
    assert_null(make_message("\xFF").get());
    assert_false(encode_call("\xFF", nullptr, false, false).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_read_with_its_flags),
        cmocka_unit_test(a_call_that_is_not_exactly_one_is_refused),
        cmocka_unit_test(depth_16_passes_and_17_does_not),
        cmocka_unit_test(brackets_within_text_are_no_depth),
        cmocka_unit_test(a_text_past_64_kib_is_refused),
        cmocka_unit_test(a_reply_is_read_with_its_error),
        cmocka_unit_test(what_is_encoded_is_read_back),
        cmocka_unit_test(nothing_longer_than_a_frame_is_encoded),
        cmocka_unit_test(text_that_is_not_utf8_gives_no_message),
    };
    return cmocka_run_group_tests_name("ipc/message", tests, nullptr, nullptr);
}
