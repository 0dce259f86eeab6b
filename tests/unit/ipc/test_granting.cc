#include "tests/unit/cmocka_cpp.h"

#include "lib/ipc/granting.h"

using namespace jit;
using namespace jit::ipc;
using namespace std::chrono_literals;

namespace {

Json parse(const std::string &text)
{
    return Json{json_loads(text.c_str(), 0, nullptr)};
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const std::size_t at = text.find(from);
    assert_true(at != text.npos);
    return text.replace(at, from.size(), to);
}

const std::string digest(64, 'd');
const std::string grant_text = R"({"id":"0123456789abcdef","user":"alice","role":"dba",)"
                               R"("oid":"o-1","duration":60,"policy":")" +
                               digest + R"("})";

void a_grant_call_survives_the_wire(void **)
{
    const auto call = decode_grant_call(parse(grant_text).get());
    assert_true(call.has_value());
    const auto again = decode_grant_call(encode(*call).get());
    assert_true(again.has_value());
    assert_text(again->id, "0123456789abcdef");
    assert_text(again->user, "alice");
    assert_text(again->role, "dba");
    assert_text(again->oid, "o-1");
    assert_text(again->policy, digest);
    assert_true(again->duration == 60s);
}

void a_grant_call_is_no_trial_unless_it_says_so(void **)
{
    const auto decode = [](std::string_view trial) {
        const std::string with = "\"duration\":60," + std::string{trial};
        return decode_grant_call(parse(replaced(grant_text, "\"duration\":60,", with)).get());
    };
    auto call = *decode("");
    assert_false(call.is_trial);
    assert_false(json_object_get(encode(call).get(), "trial") != nullptr);
    assert_false(decode("\"trial\":false,")->is_trial);
    assert_true(decode("\"trial\":true,")->is_trial);
    call.is_trial = true;
    assert_true(decode_grant_call(encode(call).get())->is_trial);
    for (const char *trial : {"\"trial\":1,", "\"trial\":\"true\",", "\"is_trial\":true,"})
        assert_false(decode(trial).has_value());
}

void a_wrong_grant_call_is_refused(void **)
{
    const char *const changes[][2] = {
        {"0123456789abcdef", "0123456789ABCDEF"},
        {"0123456789abcdef", "../../etc/shadow"},
        {"\"alice\"", "\"alice:root\""},
        {"\"alice\"", "\"a/b\""},
        {"\"alice\"", "\"\""},
        {"\"alice\"", "7"},
        {"\"dba\"", "\"..\""},
        {"\"o-1\"", "\"o 1\""},
        {"\"o-1\"", "\"o\\n1\""},
        {"60", "0"},
        {"60", "-60"},
        {"60", "60.5"},
        {"60", "1e9"},
        {"60", "31622401"},
        {"\"duration\"", "\"extra\":1,\"duration\""},
        {"\"role\":\"dba\",", ""},
        {"ddd", "DDD"},
        {"dddd", "ddd"},
    };
    for (const auto &change : changes)
        assert_false(
            decode_grant_call(parse(replaced(grant_text, change[0], change[1])).get()).has_value());
    assert_false(decode_grant_call(nullptr).has_value());
    assert_false(decode_grant_call(parse("[]").get()).has_value());
}

void an_end_has_one_of_five_causes(void **)
{
    for (const char *cause : {"dropped", "revoked", "policy", "interrupted", "used"}) {
        const auto call = decode_end_call(encode(EndCall{"0123456789abcdef", cause}).get());
        assert_true(call.has_value());
        assert_text(call->cause, cause);
    }
    for (const char *cause : {"", "expired", "Dropped", "dropped "})
        assert_false(decode_end_call(encode(EndCall{"0123456789abcdef", cause}).get()).has_value());
}

void a_use_names_a_grant_and_nothing_more(void **)
{
    const auto call = decode_use_call(encode(UseCall{"0123456789abcdef"}).get());
    assert_true(call.has_value());
    assert_text(call->id, "0123456789abcdef");
    for (const char *text : {"{}", "[]", "null", R"({"id":null})", R"({"id":7})", R"({"id":""})",
                             R"({"id":"0123456789ABCDEF"})", R"({"id":"0123456789abcdef0"})",
                             R"({"id":"0123456789abcdef","cause":"used"})"})
        assert_false(decode_use_call(parse(text).get()).has_value());
    assert_false(decode_use_call(nullptr).has_value());
}

void replies_survive_the_wire(void **)
{
    const WallTime since{1'800'000'000s};
    const auto grant = decode_grant_reply(encode(GrantReply{since, since + 60s, {"a", "b"}}).get());
    assert_true(grant.has_value() && grant->since == since && grant->until == since + 60s);
    assert_int_equal(grant->groups.size(), 2);
    assert_false(grant->made.has_value());
    // None made is not the same as none said: it is the group file's, and all were there by right.
    for (const std::vector<std::string> &made : {std::vector<std::string>{}, {"b"}}) {
        const auto in_file =
            decode_grant_reply(encode(GrantReply{since, since + 60s, {"a", "b"}, made}).get());
        assert_true(in_file.has_value() && in_file->made == made);
    }
    assert_false(decode_grant_reply(parse(R"({"since":"2027-01-15T08:00:00Z",
        "until":"2027-01-15T08:01:00Z","groups":["a"],"made":["a b"]})")
                                        .get())
                     .has_value());
    assert_true(decode_end_reply(encode(EndReply{true}).get())->ended);
    assert_false(decode_end_reply(encode(EndReply{false}).get())->ended);
    assert_false(decode_end_reply(parse("{\"ended\":1}").get()).has_value());
}

void a_list_survives_the_wire_with_and_without_an_end(void **)
{
    const WallTime since{1'800'000'000s};
    GrantList list;
    list.entries.push_back(
        {"0123456789abcdef", "alice", "dba", {"jit-dba"}, since, since + 60s, true, {}, {}});
    list.entries.push_back({"1123456789abcdef",
                            "bob",
                            "ops",
                            {"x", "y"},
                            since,
                            since + 60s,
                            false,
                            "dropped",
                            since + 5s,
                            "etc-group"});
    const auto again = decode_grant_list(encode(list).get());
    assert_true(again.has_value());
    assert_int_equal(again->entries.size(), 2);
    assert_true(again->entries[0].live && !again->entries[0].cause && !again->entries[0].ended);
    assert_text(again->entries[1].cause.value_or(""), "dropped");
    assert_true(again->entries[1].ended == since + 5s);
    assert_text(again->entries[0].backend, "userdb");
    assert_text(again->entries[1].backend, "etc-group");
    assert_true(decode_grant_list(parse("{\"entries\":[]}").get())->entries.empty());
    assert_false(decode_grant_list(parse("{}").get()).has_value());
    assert_false(decode_grant_list(parse("{\"entries\":[1]}").get()).has_value());
    assert_false(decode_grant_list(parse("{\"entries\":[{}]}").get()).has_value());
}

void a_page_names_where_the_next_one_begins(void **)
{
    const WallTime since{1'800'000'000s};
    GrantList list;
    for (const char *id : {"0000000000000001", "0000000000000002"})
        list.entries.push_back({id, "alice", "dba", {"jit-dba"}, since, since + 60s, true, {}, {}});
    list.next = "0000000000000002";
    const auto again = decode_grant_list(encode(list).get());
    assert_true(again.has_value());
    assert_text(again->next.value_or(""), "0000000000000002");
}

// Somebody who asked for one page after the other would never be done, or see one twice.
void a_hostile_page_is_refused(void **)
{
    const WallTime since{1'800'000'000s};
    GrantList list;
    for (const char *id : {"0000000000000001", "0000000000000002"})
        list.entries.push_back({id, "alice", "dba", {"jit-dba"}, since, since + 60s, true, {}, {}});
    for (const char *next : {"0000000000000001", "0000000000000000", "0000000000000003"}) {
        list.next = next;
        assert_false(decode_grant_list(encode(list).get()).has_value());
    }
    list.next.reset();
    list.entries[0].id = "0000000000000002"; // twice
    assert_false(decode_grant_list(encode(list).get()).has_value());
    list.entries[0].id = "0000000000000003"; // out of order
    assert_false(decode_grant_list(encode(list).get()).has_value());
    list.entries.clear(); // nothing, and more of it
    list.next = "0000000000000001";
    assert_false(decode_grant_list(encode(list).get()).has_value());
}

void a_list_call_has_no_parameters_but_where_it_goes_on(void **)
{
    assert_true(decode_grant_list_call(nullptr).has_value());
    assert_true(decode_grant_list_call(parse("{}").get()).has_value());
    assert_false(decode_grant_list_call(parse("{\"after\":\"..\"}").get()).has_value());
    const auto after = decode_grant_list_call(encode(GrantListCall{"0000000000000001"}).get());
    assert_text(after->after.value_or(""), "0000000000000001");
    assert_false(decode_grant_list_call(parse("{\"id\":1}").get()).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_call_survives_the_wire),
        cmocka_unit_test(a_grant_call_is_no_trial_unless_it_says_so),
        cmocka_unit_test(a_wrong_grant_call_is_refused),
        cmocka_unit_test(an_end_has_one_of_five_causes),
        cmocka_unit_test(a_use_names_a_grant_and_nothing_more),
        cmocka_unit_test(replies_survive_the_wire),
        cmocka_unit_test(a_list_survives_the_wire_with_and_without_an_end),
        cmocka_unit_test(a_page_names_where_the_next_one_begins),
        cmocka_unit_test(a_hostile_page_is_refused),
        cmocka_unit_test(a_list_call_has_no_parameters_but_where_it_goes_on),
    };
    return cmocka_run_group_tests_name("ipc/granting", tests, nullptr, nullptr);
}
