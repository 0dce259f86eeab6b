#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/group_lookup.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr BootTime began{seconds{1000}};
constexpr const char *id = "0b9e0000-0000-4000-8000-00000000000a";

std::string group(std::size_t number)
{
    const std::string digits = std::to_string(number);
    return "9a000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::vector<std::string> groups(std::size_t count)
{
    std::vector<std::string> made;
    for (std::size_t i = 1; i <= count; ++i)
        made.push_back(group(i));
    return made;
}

GroupLookup make(std::size_t count, seconds deadline = seconds{60})
{
    return {"graph.microsoft.com", SecretString{"at.at"}, groups(count), id, began + deadline};
}

std::string answer(const std::vector<std::string> &ids, std::string_view next = {})
{
    std::string text = R"({"@odata.context":"x","value":[)";
    for (const std::string &one : ids)
        text += (text.back() == '[' ? "\"" : ",\"") + one + "\"";
    text += "]";
    if (!next.empty())
        text += R"(,"@odata.nextLink":")" + std::string{next} + "\"";
    return text + "}";
}

const HttpRequest &sent(const LookupStep &step)
{
    const auto *send = std::get_if<SendRequest>(&step);
    assert_non_null(send);
    return send->request;
}

std::vector<std::string> found(const LookupStep &step)
{
    const auto *done = std::get_if<GroupsFound>(&step);
    assert_non_null(done);
    return done->groups;
}

void assert_unknown(const LookupStep &step, Failure failure)
{
    const auto *unknown = std::get_if<GroupsUnknown>(&step);
    assert_non_null(unknown);
    assert_int_equal(static_cast<int>(unknown->failure), static_cast<int>(failure));
    assert_false(unknown->advice.empty());
}

void twenty_are_asked_for_at_a_time_with_the_persons_token(void **)
{
    GroupLookup lookup = make(45);
    std::size_t asked = 0;
    LookupStep step = lookup.start();
    for (const std::size_t size : {20U, 20U, 5U}) {
        const HttpRequest &request = sent(step);
        assert_text(request.url, "https://graph.microsoft.com/v1.0/me/checkMemberGroups");
        assert_true(request.method == HttpRequest::Method::post);
        assert_text(std::string{request.bearer.reveal()}, "at.at");
        assert_text(request.client_request_id, id);
        std::string body = R"({"groupIds":[)";
        for (std::size_t i = 0; i < size; ++i)
            body += (i == 0 ? "\"" : ",\"") + group(++asked) + "\"";
        assert_text(request.json, body + "]}");
        // Upper case is the same id; what was not asked for does not count, nor does one twice.
        step = lookup.on_reply(
            reply_of(200, answer({"9A000000-0000-4000-8000-000000000003", group(3), group(4711)})),
            began);
    }
    assert_true(found(step) == std::vector<std::string>{group(3)});
}

void pages_are_followed_on_the_same_host_and_nowhere_else(void **)
{
    GroupLookup lookup = make(2);
    (void)lookup.start();
    const char *const next = "https://graph.microsoft.com/v1.0/me/checkMemberGroups?$skip=1";
    LookupStep step = lookup.on_reply(reply_of(200, answer({group(1)}, next)), began);
    assert_text(sent(step).url, next);
    assert_true(sent(step).method == HttpRequest::Method::get && sent(step).json.empty());
    assert_text(std::string{sent(step).bearer.reveal()}, "at.at");
    step = lookup.on_reply(reply_of(200, answer({group(2)})), began);
    assert_true(found(step) == (std::vector<std::string>{group(1), group(2)}));

    for (const char *foreign :
         {"https://graph.windows.net/x", "http://graph.microsoft.com/x",
          "https://graph.microsoft.com.evil.example/x", "https://graph.microsoft.com@evil.example/",
          "https://graph.microsoft.com:8443/x", "https://GRAPH.microsoft.com/x",
          "https://graph.microsoft.com/a b", ""}) {
        GroupLookup other = make(2);
        (void)other.start();
        const std::string text =
            R"({"value":[],"@odata.nextLink":")" + std::string{foreign} + "\"}";
        assert_unknown(other.on_reply(reply_of(200, text), began), Failure::broken);
    }
}

void pages_without_end_are_cut(void **)
{
    GroupLookup lookup = make(2);
    LookupStep step = lookup.start();
    int pages = 0;
    while (std::holds_alternative<SendRequest>(step) && pages < 100) {
        ++pages;
        step = lookup.on_reply(
            reply_of(200, answer({}, "https://graph.microsoft.com/" + std::to_string(pages))),
            began);
    }
    assert_int_equal(pages, 17);
    assert_unknown(step, Failure::broken);
}

// Never earlier, and spread by a tenth.
void assert_pause(const LookupStep &step, BootTime now, seconds pause)
{
    const auto waits = std::get<WaitUntil>(step).at - now;
    assert_true(waits >= pause && waits <= pause + pause / 10.0);
}

void what_cant_be_had_now_is_asked_for_again_inside_the_deadline(void **)
{
    GroupLookup lookup = make(1);
    (void)lookup.start();
    BootTime now = began;
    for (const long pause : {1L, 2L, 4L}) {
        const LookupStep wait = lookup.on_reply(no_reply(HttpReply::Outcome::timed_out), now);
        assert_pause(wait, now, seconds{pause});
        assert_true(std::holds_alternative<WaitUntil>(lookup.on_time(now)));
        now = std::get<WaitUntil>(wait).at;
        (void)sent(lookup.on_time(now));
    }
    const LookupStep told = lookup.on_reply(reply_of(429, "{}", "20"), now);
    assert_pause(told, now, seconds{20});
    now = std::get<WaitUntil>(told).at;
    (void)sent(lookup.on_time(now));
    assert_true(found(lookup.on_reply(reply_of(200, answer({group(1)})), now)).size() == 1);

    GroupLookup late = make(1, seconds{5});
    (void)late.start();
    assert_unknown(late.on_reply(reply_of(503, "", "99999"), began), Failure::unreachable);
    GroupLookup hanging = make(1, seconds{5});
    (void)hanging.start();
    assert_unknown(hanging.on_time(began + seconds{5}), Failure::unreachable);
    GroupLookup slow = make(45, seconds{5});
    (void)slow.start();
    assert_unknown(slow.on_reply(reply_of(200, answer({})), began + seconds{5}),
                   Failure::unreachable);
}

void each_other_answer_is_an_end(void **)
{
    struct Row {
        HttpReply reply;
        Failure failure;
    };
    std::string many = answer({});
    many.insert(many.find(']'), "\"" + group(1) + "\"");
    for (int i = 0; i < 600; ++i)
        many.insert(many.find(']'), ",\"" + group(1) + "\"");
    Row rows[] = {
        {reply_of(401, "{}"), Failure::misconfigured},
        {reply_of(403, R"({"error":{"code":"Authorization_RequestDenied"}})"),
         Failure::misconfigured},
        {reply_of(302, ""), Failure::broken},
        {reply_of(400, "{}"), Failure::broken},
        {reply_of(200, "<html>"), Failure::broken},
        {reply_of(200, "{}"), Failure::broken},
        {reply_of(200, R"({"value":{}})"), Failure::broken},
        {reply_of(200, R"({"value":[1]})"), Failure::broken},
        {reply_of(200, R"({"value":[],"@odata.nextLink":1})"), Failure::broken},
        {reply_of(200, many), Failure::broken},
        {no_reply(HttpReply::Outcome::not_trusted), Failure::not_trusted},
        {no_reply(HttpReply::Outcome::too_large), Failure::broken},
    };
    for (Row &row : rows) {
        GroupLookup lookup = make(1);
        (void)lookup.start();
        assert_unknown(lookup.on_reply(row.reply, began), row.failure);
    }
}

void nothing_is_asked_without_token_or_place_or_for_too_many(void **)
{
    GroupLookup no_host{"", SecretString{"at"}, groups(1), id, began + seconds{9}};
    assert_unknown(no_host.start(), Failure::misconfigured);
    GroupLookup no_token{"graph.microsoft.com", SecretString{}, groups(1), id, began + seconds{9}};
    assert_unknown(no_token.start(), Failure::misconfigured);
    assert_unknown(make(501).start(), Failure::misconfigured);
    // A token that would bring another header along.
    GroupLookup two_lines{"graph.microsoft.com", SecretString{"at\r\nHost: evil.example"},
                          groups(1), id, began + seconds{9}};
    assert_unknown(two_lines.start(), Failure::broken);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(twenty_are_asked_for_at_a_time_with_the_persons_token),
        cmocka_unit_test(pages_are_followed_on_the_same_host_and_nowhere_else),
        cmocka_unit_test(pages_without_end_are_cut),
        cmocka_unit_test(what_cant_be_had_now_is_asked_for_again_inside_the_deadline),
        cmocka_unit_test(each_other_answer_is_an_end),
        cmocka_unit_test(nothing_is_asked_without_token_or_place_or_for_too_many),
    };
    return cmocka_run_group_tests_name("oidc/group_lookup", tests, nullptr, nullptr);
}
