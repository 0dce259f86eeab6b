#include "tests/unit/cmocka_cpp.h"

#include "lib/ipc/message.h"
#include "lib/ipc/pins.h"

using namespace jit;
using namespace jit::ipc;
using namespace std::chrono_literals;

namespace {

Json parse(const std::string &text)
{
    return Json{json_loads(text.c_str(), JSON_DECODE_ANY, nullptr)};
}

std::string print(const Json &value)
{
    char *text = json_dumps(value.get(), JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(text);
    std::string printed{text};
    free(text);
    return printed;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const std::size_t at = text.find(from);
    assert_true(at != text.npos);
    return text.replace(at, from.size(), to);
}

template <typename Decode> void assert_refused(Decode decode, const std::string &text)
{
    const auto result = decode(parse(text).get());
    if (result.has_value())
        print_error("was taken: %s\n", text.substr(0, 300).c_str());
    assert_false(result.has_value());
    assert_true(result.error().code == Code::bad_input);
}

const std::string alice = R"({"confirmed":true,"oid":"a11ce000-0000-4000-8000-000000000001",)"
                          R"("since":"2026-03-17T09:41:05Z","state":"confirmed",)"
                          R"("upn":"alice@contoso.com","user":"alice"})";

std::string reply_of(const std::string &pins, const std::string &more = "")
{
    return R"({"pins":[)" + pins + "]" + more + "}";
}

void pins_come_back_as_they_were_sent(void **)
{
    const std::string bob =
        replaced(replaced(alice, "true", "false"), R"("confirmed",)", R"("waits",)");
    for (const std::string &text :
         {reply_of(""), reply_of(alice), reply_of(alice + "," + bob),
          replaced(reply_of(alice), R"({"pins")", R"({"next":"alice","pins")")}) {
        const auto reply = decode_pins_reply(parse(text).get());
        assert_true(reply.has_value());
        assert_text(print(encode_pins_reply(*reply)), text);
    }
    const auto reply = decode_pins_reply(parse(reply_of(alice + "," + bob)).get());
    assert_text(reply->pins[0].user, "alice");
    assert_text(reply->pins[0].upn, "alice@contoso.com");
    assert_true(reply->pins[0].since == WallTime{1773740465s});
    assert_true(reply->pins[0].state == PinState::confirmed);
    assert_true(reply->pins[1].state == PinState::waits);
}

void a_pin_that_is_not_exactly_its_form_is_refused(void **)
{
    const char *const changes[][2] = {
        {"\"alice\"", "\"../alice\""},
        {"\"alice\"", "\"\""},
        {"\"alice\"", "null"},
        {"\"alice@contoso.com\"", "\"\""},
        {"\"alice@contoso.com\"", "1"},
        {"\"a11ce000-0000-4000-8000-000000000001\"", "\"\""},
        {"2026-03-17T09:41:05Z", "yesterday"},
        {"true", "\"yes\""},
        {"true", "null"},
        {"true", "false"}, // and confirmed
        {"\"confirmed\",", "\"waits\","},
        {"\"confirmed\",", "\"first\","},
        {"\"confirmed\",", "\"ok\","},
        {"\"confirmed\",", "\"\","},
        {"\"user\"", "\"extra\":1,\"user\""},
        {"\"confirmed\":true,", ""},
        {",\"user\":\"alice\"", ""},
    };
    for (const auto &change : changes)
        assert_refused(decode_pins_reply, reply_of(replaced(alice, change[0], change[1])));
    for (const char *text : {"{}", "[]", "1", R"({"pins":null})", R"({"pins":{}})",
                             R"({"pins":[null]})", R"({"pins":[{}]})", R"({"pins":["alice"]})"})
        assert_refused(decode_pins_reply, text);
    assert_refused(decode_pins_reply, reply_of(alice, R"(,"next":"a/b")"));
    assert_refused(decode_pins_reply, reply_of(alice, R"(,"more":true)"));
    std::string many = alice;
    for (std::size_t i = 0; i < max_pins_of_a_reply; ++i)
        many += "," + alice;
    assert_refused(decode_pins_reply, reply_of(many));
}

void so_many_of_the_longest_pins_fit_into_a_frame(void **)
{
    const std::string user(64, 'u');
    PinsReply reply;
    for (std::size_t i = 0; i < max_pins_of_a_reply; ++i)
        reply.pins.push_back({user, std::string(256, '"'), std::string(320, 'p'),
                              WallTime{1773740465s}, PinState::confirmed});
    reply.next = user;
    const Json object = encode_pins_reply(reply);
    assert_true(encode_reply(object.get(), true).has_value());
    assert_true(decode_pins_reply(object.get()).has_value());
}

void the_calls_name_one_user_or_where_to_go_on(void **)
{
    assert_false(decode_pins_call(nullptr)->after.has_value());
    assert_false(decode_pins_call(parse("{}").get())->after.has_value());
    assert_text(*decode_pins_call(parse(R"({"after":"alice"})").get())->after, "alice");
    assert_text(print(encode_pins_call({"alice"})), R"({"after":"alice"})");
    assert_text(print(encode_pins_call({})), "{}");
    for (const char *text : {R"({"after":""})", R"({"after":1})", R"({"user":"alice"})"})
        assert_refused(decode_pins_call, text);
    assert_text(decode_pin_call(parse(R"({"user":"alice"})").get())->user, "alice");
    assert_text(print(encode_pin_call({"alice"})), R"({"user":"alice"})");
    // Never all of them.
    for (const char *text :
         {"{}", R"({"user":null})", R"({"user":""})", R"({"user":"*"})", R"({"user":"a b"})",
          R"({"users":["alice"]})", R"({"user":"alice","all":true})"})
        assert_refused(decode_pin_call, text);
}

void every_state_is_read_back(void **)
{
    for (int i = 0; i < 3; ++i)
        assert_true(parse_pin_state(name_of(static_cast<PinState>(i))) == static_cast<PinState>(i));
    assert_false(parse_pin_state("").has_value());
    assert_false(parse_pin_state("Confirmed").has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pins_come_back_as_they_were_sent),
        cmocka_unit_test(a_pin_that_is_not_exactly_its_form_is_refused),
        cmocka_unit_test(so_many_of_the_longest_pins_fit_into_a_frame),
        cmocka_unit_test(the_calls_name_one_user_or_where_to_go_on),
        cmocka_unit_test(every_state_is_read_back),
    };
    return cmocka_run_group_tests_name("ipc/pins", tests, nullptr, nullptr);
}
