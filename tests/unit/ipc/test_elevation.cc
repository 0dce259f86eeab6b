#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <vector>

#include "lib/ipc/elevation.h"
#include "lib/ipc/roles.h"

using namespace jit;
using namespace jit::ipc;
using namespace std::chrono_literals;

namespace {

Json parse(const std::string &text)
{
    Json parsed{json_loadb(text.data(), text.size(), JSON_ALLOW_NUL | JSON_DECODE_ANY, nullptr)};
    if (!parsed)
        print_error("not JSON: %s\n", text.c_str());
    assert_non_null(parsed.get());
    return parsed;
}

std::string print(const Json &value)
{
    char *text = json_dumps(value.get(), JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(text);
    std::string printed{text};
    free(text);
    return printed;
}

// Each text must be refused as bad_input; the first that is not is shown.
template <typename Decode> void assert_all_refused(Decode decode, std::vector<std::string> texts)
{
    for (const std::string &text : texts) {
        const auto result = decode(parse(text).get());
        if (result.has_value())
            print_error("was taken: %s\n", text.substr(0, 300).c_str());
        assert_false(result.has_value());
        assert_true(result.error().code == Code::bad_input);
    }
}

const std::string full_check =
    R"({"requester":"alice","account":"root","account_names":["root","toor"],"service":"sudo",)"
    R"("phase":"account","role":"web","tty":"/dev/pts/1","rhost":"h","command":"sudo id",)"
    R"("connection":"192.0.2.7 50022 192.0.2.1 22","proof":"publickey ssh-ed25519 AAAA",)"
    R"("unproven":true,"observe":true})";

void check_call_comes_back_as_it_was_sent(void **)
{
    const auto call = decode_check_call(parse(full_check).get());
    assert_true(call.has_value());
    assert_text(call->requester, "alice");
    assert_int_equal(call->account_names.size(), 2);
    assert_true(call->phase == Phase::account);
    assert_text(*call->command, "sudo id");
    assert_text(print(encode_check_call(*call)), print(parse(full_check)));
}

void check_call_takes_any_text_as_account_but_not_as_requester(void **)
{
    const auto call =
        decode_check_call(parse(R"({"requester":"alice","account":"DOM\\a b","account_names":[],)"
                                R"("service":"sudo","phase":"auth"})")
                              .get());
    assert_true(call.has_value());
    assert_text(call->account, "DOM\\a b");
    assert_true(call->account_names.empty());
    for (const char *name : {"../x", "a:b", "a/b", "a b", "a\\n", "", ".", "1a", "-a"})
        assert_all_refused(decode_check_call,
                           {std::string{R"({"requester":")"} + name +
                            R"(","account":"x","account_names":[],"service":"s","phase":"auth"})"});
}

void a_check_with_a_problem_names_its_caller_by_any_text(void **)
{
    const std::string text =
        R"({"requester":"DOM\\a b","account":"?","account_names":[],"service":"sudo",)"
        R"("phase":"auth","problem":"no name","unproven":true,"observe":true})";
    const auto call = decode_check_call(parse(text).get());
    assert_true(call.has_value());
    assert_text(call->requester, "DOM\\a b");
    assert_text(print(encode_check_call(*call)), print(parse(text)));
    assert_all_refused(decode_check_call,
                       {R"({"requester":"","account":"?","account_names":[],"service":"sudo",)"
                        R"("phase":"auth","problem":"no name"})"});
}

void check_call_refuses_what_is_not_exactly_its_form(void **)
{
    const std::string head = R"({"requester":"alice","account":"root","service":"sudo",)";
    std::string names = R"("account_names":["n")";
    for (int i = 0; i < 16; ++i)
        names += R"(,"n")";
    assert_all_refused(
        decode_check_call,
        {
            "{}",
            "[]",
            "1",
            R"("x")",
            "true",
            head + R"("phase":"auth"})",
            head + R"("phase":"auth","account_names":null})",
            head + R"("phase":"auth","account_names":"root"})",
            head + R"("phase":"auth","account_names":[1]})",
            head + R"("phase":"auth","account_names":[null]})",
            head + R"("phase":"auth","account_names":[""]})",
            head + R"("phase":"auth",)" + names + "]}",
            head + R"("account_names":[]})",
            head + R"("account_names":[],"phase":"session"})",
            head + R"("account_names":[],"phase":"AUTH"})",
            head + R"("account_names":[],"phase":1})",
            head + R"("account_names":[],"phase":"auth","extra":1})",
            head + R"("account_names":[],"phase":"auth","extra":null})",
            head + R"("account_names":[],"phase":"auth","tty":5})",
            head + R"("account_names":[],"phase":"auth","tty":"a\u0000b"})",
            head + R"("account_names":[],"phase":"auth","tty":")" + std::string(65, 't') + R"("})",
            head + R"("account_names":[],"phase":"auth","rhost":")" + std::string(257, 'r') +
                R"("})",
            head + R"("account_names":[],"phase":"auth","command":")" + std::string(257, 'c') +
                R"("})",
            head + R"("account_names":[],"phase":"auth","role":"a/b"})",
            head + R"("account_names":[],"phase":"auth","connection":")" + std::string(129, 'c') +
                R"("})",
            head + R"("account_names":[],"phase":"auth","proof":")" + std::string(4097, 'p') +
                R"("})",
            head + R"("account_names":[],"phase":"auth","proof":""})",
            head + R"("account_names":[],"phase":"auth","unproven":"yes"})",
        });
}

void check_reply_comes_back_as_it_was_sent(void **)
{
    const std::string live = R"({"grant":"0123456789abcdef","granted":true,"role":"web",)"
                             R"("until":"2026-03-17T09:41:05Z","verdict":"live"})";
    const auto reply = decode_check_reply(parse(live).get());
    assert_true(reply.has_value());
    assert_true(reply->verdict == Verdict::live);
    assert_true(*reply->until == WallTime{1773740465s});
    assert_text(print(encode_check_reply(*reply)), live);

    const std::string carried = R"({"carry":[1,990,4294967294],"verdict":"live"})";
    const auto gids = decode_check_reply(parse(carried).get());
    assert_true(gids.has_value());
    assert_true(gids->carry == (std::vector<std::uint32_t>{1, 990, 4294967294}));
    assert_text(print(encode_check_reply(*gids)), carried);

    const std::string choose = R"({"roles":["db","web"],"verdict":"choose"})";
    const auto roles = decode_check_reply(parse(choose).get());
    assert_true(roles.has_value());
    assert_text(print(encode_check_reply(*roles)), choose);
}

void check_reply_without_a_known_verdict_is_refused(void **)
{
    assert_all_refused(decode_check_reply,
                       {"{}", R"({"verdict":"ok"})", R"({"verdict":""})", R"({"verdict":null})",
                        R"({"verdict":true})", R"({"verdict":"live","grant":"0123"})",
                        R"({"verdict":"live","grant":"0123456789ABCDEF"})",
                        R"({"verdict":"live","until":"tomorrow"})",
                        R"({"verdict":"live","until":"2026-03-17 09:41:05Z"})",
                        R"({"verdict":"live","roles":["../x"]})"});
    assert_all_refused(
        decode_check_reply,
        {R"({"verdict":"live","carry":990})", R"({"verdict":"live","carry":[0]})",
         R"({"verdict":"live","carry":[4294967295]})", R"({"verdict":"live","carry":[-1]})",
         R"({"verdict":"live","carry":["990"]})",
         R"({"verdict":"live","carry":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]})"});
}

void request_call_takes_null_as_absent(void **)
{
    const auto call = decode_request_call(
        parse(R"({"role":"web","user":null,"duration":null,"session":4294967295,"timeout":60})")
            .get());
    assert_true(call.has_value());
    assert_false(call->user.has_value());
    assert_false(call->duration.has_value());
    assert_int_equal(*call->session, 4294967295);
    assert_true(*call->timeout == 60s);
    assert_text(print(encode_request_call(*call)),
                R"({"role":"web","session":4294967295,"timeout":60})");
}

void request_call_refuses_durations_and_texts_out_of_range(void **)
{
    assert_all_refused(decode_request_call,
                       {"{}", R"({"role":null})", R"({"role":"web","duration":0})",
                        R"({"role":"web","duration":-1})", R"({"role":"web","duration":31622401})",
                        R"({"role":"web","duration":9223372036854775807})",
                        R"({"role":"web","duration":1.5})", R"({"role":"web","duration":"30m"})",
                        R"({"role":"web","timeout":0})", R"({"role":"web","session":-1})",
                        R"({"role":"web","session":4294967296})", R"({"role":"web","reason":""})",
                        R"({"role":"web","reason":")" + std::string(513, 'r') + R"("})",
                        R"({"role":"web","service":")" + std::string(65, 's') + R"("})",
                        R"({"role":"web","user":"a/../b"})", R"({"role":"web","reason":{"a":1}})",
                        R"({"role":")" + std::string(65, 'w') + R"("})"});
    assert_true(
        decode_request_call(parse(R"({"role":"web","duration":31622400})").get()).has_value());
    assert_true(decode_request_call(
                    parse(R"({"role":"web","reason":")" + std::string(512, 'r') + R"("})").get())
                    .has_value());
}

void request_replies_come_back_as_they_were_sent(void **)
{
    for (const std::string text :
         {R"({"id":"0123456789abcdef","role":"web","state":"pending"})",
          R"({"code":"ABCD-EFGH","duration":1800,"expires":900,"host":"web01",)"
          R"("id":"0123456789abcdef","role":"web","state":"code",)"
          R"("uri":"https://microsoft.com/devicelogin"})",
          R"({"groups":["jit-web"],"id":"0123456789abcdef","role":"web","state":"granted",)"
          R"("until":"2026-03-17T09:41:05Z"})",
          R"({"cause":"wrong-person","id":"0123456789abcdef","message":"m","role":"web",)"
          R"("state":"denied"})"}) {
        const auto reply = decode_request_reply(parse(text).get());
        assert_true(reply.has_value());
        assert_text(print(encode_request_reply(*reply)), text);
    }
}

void request_reply_with_an_unknown_word_is_refused(void **)
{
    const std::string head = R"({"id":"0123456789abcdef","role":"web",)";
    assert_all_refused(decode_request_reply,
                       {head + R"("state":"maybe"})", head + R"("state":"denied","cause":"x"})",
                        head + R"("state":"denied","cause":""})", head + R"("cause":"failed"})",
                        R"({"id":"x","role":"web","state":"pending"})",
                        head + R"("state":"code","expires":0})",
                        head + R"("state":"code","uri":")" + std::string(2049, 'u') + R"("})"});
}

const std::string full_grant =
    R"({"approvers":["o"],"groups":["jit-web"],"host":"web01","id":"0123456789abcdef",)"
    R"("oid":"o","reason":"INC-1","role":"web","service":"sudo","since":"2026-03-17T09:41:05Z",)"
    R"("state":"live","until":"2026-03-17T10:11:05Z","user":"alice"})";
const std::string full_request =
    R"({"approvers":[],"deadline":"2026-03-17T09:56:05Z","groups":["jit-web"],"host":"web01",)"
    R"("id":"0123456789abcdef","oid":"","role":"web","state":"pending-signin","user":"alice"})";

void list_replies_come_back_as_they_were_sent(void **)
{
    for (const std::string &text :
         {std::string{"{}"}, R"({"grant":)" + full_grant + "}",
          R"({"request":)" + full_request + "}",
          R"({"grant":)" + full_grant + R"(,"next":"0123456789abcdef"})"}) {
        const auto reply = decode_list_reply(parse(text).get());
        assert_true(reply.has_value());
        assert_text(print(encode_list_reply(*reply)), text);
    }
}

void list_reply_is_a_grant_or_a_request_and_whole(void **)
{
    std::vector<std::string> texts{
        R"({"grant":)" + full_grant + R"(,"request":)" + full_request + "}", R"({"grant":{}})",
        R"({"grant":[]})", R"({"grant":)" + full_request + "}",
        R"({"request":)" + full_grant + "}"};
    // Without any one of its required members a grant is refused.
    for (const char *key :
         {"approvers", "groups", "host", "id", "oid", "role", "since", "state", "until", "user"}) {
        Json grant = parse(full_grant);
        json_object_del(grant.get(), key);
        texts.push_back(R"({"grant":)" + print(grant) + "}");
    }
    assert_all_refused(decode_list_reply, texts);
}

void list_call_flags_are_false_when_absent(void **)
{
    const auto none = decode_list_call(nullptr);
    assert_true(none.has_value());
    assert_false(none->all || none->ended || none->id);
    assert_text(print(encode_list_call(*none)), "{}");
    const auto all = decode_list_call(parse(R"({"all":true,"ended":true})").get());
    assert_true(all.has_value() && all->all && all->ended);
    assert_all_refused(decode_list_call, {R"({"all":1})", R"({"ended":"yes"})", R"({"id":"1"})",
                                          R"({"after":"1"})", R"({"user":"alice"})"});
}

void roles_come_back_as_they_were_sent(void **)
{
    const std::string text =
        R"({"others":[],"roles":[{"default_duration":1800,"description":"","groups":["jit-web"],)"
        R"("max_duration":3600,"name":"web","services":[]}]})";
    const auto reply = decode_roles_reply(parse(text).get());
    assert_true(reply.has_value());
    assert_int_equal(reply->roles.size(), 1);
    assert_text(print(encode_roles_reply(*reply)), text);
    assert_all_refused(decode_roles_reply,
                       {"{}", R"({"roles":[]})", R"({"others":[]})",
                        R"({"others":[],"roles":null})", R"({"others":[],"roles":[null]})",
                        R"({"others":[],"roles":[{}]})", R"({"others":[],"roles":{}})",
                        R"({"others":[{}],"roles":[]})"});
    assert_all_refused(decode_roles_call, {R"({"user":"bob"})"});
}

void an_empty_drop_or_revoke_never_means_everything(void **)
{
    assert_all_refused(decode_drop_call,
                       {"{}", R"({"id":null,"role":null})",
                        R"({"id":"0123456789abcdef","role":"web"})", R"({"all":true})"});
    assert_all_refused(decode_revoke_call,
                       {"{}", R"({"all":false})", R"({"all":true,"user":"bob"})",
                        R"({"role":"web","user":"bob"})", R"({"all":"true"})", R"({"user":"*"})"});
    assert_false(decode_drop_call(nullptr).has_value());
    assert_false(decode_revoke_call(nullptr).has_value());
    for (const std::string text : {R"({"all":true})", R"({"id":"0123456789abcdef"})",
                                   R"({"role":"web"})", R"({"user":"bob"})"}) {
        const auto call = decode_revoke_call(parse(text).get());
        assert_true(call.has_value());
        assert_text(print(encode_revoke_call(*call)), text);
    }
}

void ids_are_sixteen_lower_case_hex_digits(void **)
{
    const std::string text = R"({"ids":["0123456789abcdef"]})";
    assert_text(print(encode_ids_reply(*decode_ids_reply(parse(text).get()))), text);
    assert_all_refused(decode_ids_reply,
                       {"{}", R"({"ids":["0123456789abcdeF"]})", R"({"ids":["0123456789abcde"]})",
                        R"({"ids":["0123456789abcdef0"]})"});
    assert_all_refused(decode_request_id_call, {"{}", R"({"id":"../../../../../x"})"});
}

void a_session_is_of_a_grant_or_of_a_connection(void **)
{
    const std::string rest = R"("requester":"alice","service":"sshd"})";
    const std::string by_connection = R"({"account":"alice","connection":"a 1 b 2",)" + rest;
    for (const auto decode : {decode_session_opened, decode_session_closed}) {
        const auto call = decode(parse(by_connection).get());
        assert_true(call.has_value() && !call->grant);
        assert_text(*call->connection, "a 1 b 2");
        assert_text(print(encode_session_closed(*call)), by_connection);
        assert_all_refused(decode, {R"({"account":"alice",)" + rest,
                                    R"({"account":"alice","grant":"0123456789abcdef",)"
                                    R"("connection":"a 1 b 2",)" +
                                        rest});
    }
}

void a_closed_session_has_four_members(void **)
{
    const std::string closed = R"({"account":"root","grant":"0123456789abcdef",)"
                               R"("requester":"alice","service":"sudo"})";
    const auto call = decode_session_closed(parse(closed).get());
    assert_true(call.has_value());
    assert_text(print(encode_session_closed(*call)), closed);
    Json opened = parse(closed);
    json_object_set_new(opened.get(), "tty", json_string("/dev/pts/1"));
    const auto session = decode_session_opened(opened.get());
    assert_true(session.has_value());
    assert_text(print(encode_session_opened(*session)), print(opened));
    assert_false(decode_session_closed(opened.get()).has_value());
}

void text_that_is_not_utf8_is_made_safe_when_sent(void **)
{
    RequestCall call;
    call.role = "web";
    call.reason = "caf\xe9";
    assert_text(print(encode_request_call(call)), R"({"reason":"caf?","role":"web"})");
}

void every_word_is_read_back(void **)
{
    for (int i = 0; i < 7; ++i) {
        const auto verdict = static_cast<Verdict>(i);
        assert_true(parse_verdict(name_of(verdict)) == verdict);
        const auto state = static_cast<State>(i);
        assert_true(parse_state(name_of(state)) == state);
    }
    for (int i = 0; i < 13; ++i)
        assert_true(parse_cause(name_of(static_cast<Cause>(i))) == static_cast<Cause>(i));
    for (int i = 0; i < 6; ++i)
        assert_true(parse_fault(name_of(static_cast<Fault>(i))) == static_cast<Fault>(i));
    for (int i = 0; i < 5; ++i)
        assert_true(parse_progress(name_of(static_cast<Progress>(i))) == static_cast<Progress>(i));
    assert_false(parse_verdict("").has_value());
    assert_false(parse_cause("").has_value());
    assert_false(parse_fault("NotFound").has_value());
    assert_true(name_of(static_cast<Verdict>(99)).empty());
}

void fault_message_is_one_string(void **)
{
    assert_text(*decode_fault_message(parse(R"({"message":"no"})").get()), "no");
    assert_all_refused(decode_fault_message,
                       {"{}", R"({"message":1})", R"({"message":""})", R"({"message":"a","x":1})"});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(check_call_comes_back_as_it_was_sent),
        cmocka_unit_test(check_call_takes_any_text_as_account_but_not_as_requester),
        cmocka_unit_test(a_check_with_a_problem_names_its_caller_by_any_text),
        cmocka_unit_test(check_call_refuses_what_is_not_exactly_its_form),
        cmocka_unit_test(check_reply_comes_back_as_it_was_sent),
        cmocka_unit_test(check_reply_without_a_known_verdict_is_refused),
        cmocka_unit_test(request_call_takes_null_as_absent),
        cmocka_unit_test(request_call_refuses_durations_and_texts_out_of_range),
        cmocka_unit_test(request_replies_come_back_as_they_were_sent),
        cmocka_unit_test(request_reply_with_an_unknown_word_is_refused),
        cmocka_unit_test(list_replies_come_back_as_they_were_sent),
        cmocka_unit_test(list_reply_is_a_grant_or_a_request_and_whole),
        cmocka_unit_test(list_call_flags_are_false_when_absent),
        cmocka_unit_test(roles_come_back_as_they_were_sent),
        cmocka_unit_test(an_empty_drop_or_revoke_never_means_everything),
        cmocka_unit_test(ids_are_sixteen_lower_case_hex_digits),
        cmocka_unit_test(a_session_is_of_a_grant_or_of_a_connection),
        cmocka_unit_test(a_closed_session_has_four_members),
        cmocka_unit_test(text_that_is_not_utf8_is_made_safe_when_sent),
        cmocka_unit_test(every_word_is_read_back),
        cmocka_unit_test(fault_message_is_one_string),
    };
    return cmocka_run_group_tests_name("ipc/elevation", tests, nullptr, nullptr);
}
