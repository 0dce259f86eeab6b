#include "tests/unit/cmocka_cpp.h"

#include <vector>

#include "tests/unit/oidc/grant_flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;
using Outcome = HttpReply::Outcome;

namespace {

// --- faults that end it ---

void each_final_error_ends_with_its_own_failure(void **)
{
    struct Row {
        const char *error;
        Failure failure;
    };
    for (const Row &row :
         {Row{"authorization_declined", Failure::declined}, Row{"access_denied", Failure::declined},
          Row{"expired_token", Failure::expired}, Row{"code_expired", Failure::expired},
          Row{"bad_verification_code", Failure::broken}, Row{"invalid_grant", Failure::blocked},
          Row{"interaction_required", Failure::blocked}, Row{"consent_required", Failure::blocked},
          Row{"login_required", Failure::blocked}, Row{"invalid_client", Failure::misconfigured},
          Row{"unauthorized_client", Failure::misconfigured},
          Row{"invalid_request", Failure::misconfigured},
          Row{"invalid_scope", Failure::misconfigured},
          Row{"invalid_resource", Failure::misconfigured},
          Row{"unsupported_grant_type", Failure::misconfigured},
          Row{"what_is_this", Failure::broken}, Row{"", Failure::broken}}) {
        for (const long status : {400L, 401L, 200L}) {
            Flow flow = polling();
            assert_failure(flow.end_after(reply_of(status, error_of(row.error))), row.failure);
            assert_failure(authorize_with(reply_of(status, error_of(row.error))), row.failure);
        }
    }
    // Only a poll can be pending.
    assert_failure(authorize_with(reply_of(400, pending)), Failure::broken);
}

void declined_expired_and_used_codes_read_differently(void **)
{
    std::vector<std::string> lines;
    for (const char *error : {"authorization_declined", "expired_token", "invalid_grant"}) {
        Flow flow = polling();
        lines.push_back(flow.end_after(reply_of(400, error_of(error))).advice);
    }
    assert_true(lines[0] != lines[1] && lines[1] != lines[2] && lines[0] != lines[2]);
}

void the_number_gives_advice_and_decides_nothing(void **)
{
    Flow flow = polling();
    const Finished done = flow.end_after(
        reply_of(400, error_of("interaction_required",
                               R"(,"error_codes":[53003],"error_description":"<b>nonsense</b>",)"
                               R"("correlation_id":"11111111-2222-4333-8444-555555555555")")));
    assert_failure(done, Failure::blocked);
    assert_int_equal(done.provider_code, 53003);
    assert_text(done.correlation_id, "11111111-2222-4333-8444-555555555555");
    assert_non_null(std::strstr(done.advice.c_str(), "Conditional Access"));
    assert_null(std::strstr(done.advice.c_str(), "nonsense"));

    // A "pending" number in a final error does not keep the flow alive.
    Flow other = polling();
    assert_failure(
        other.end_after(reply_of(400, error_of("access_denied", R"(,"error_codes":[70016])"))),
        Failure::declined);
}

void the_number_is_found_in_the_description_too(void **)
{
    struct Row {
        const char *rest;
        int code;
    };
    for (const Row &row :
         {Row{R"(,"error_description":"AADSTS7000218: The request body must contain")", 7000218},
          Row{R"(,"error_codes":[],"error_description":"AADSTS50105 x")", 50105},
          Row{R"(,"error_description":"see AADSTS50105")", 0},
          Row{R"(,"error_description":"AADSTS")", 0}, Row{R"(,"error_description":"AADSTS-5")", 0},
          Row{R"(,"error_description":"AADSTS99999999999999999999")", 0},
          Row{R"(,"error_codes":[-1])", 0}, Row{R"(,"error_codes":{"0":1})", 0},
          Row{R"(,"error_codes":[123456789012])", 0}}) {
        Flow flow = polling();
        const Finished done = flow.end_after(reply_of(401, error_of("invalid_client", row.rest)));
        assert_failure(done, Failure::misconfigured);
        assert_int_equal(done.provider_code, row.code);
    }
}

void a_correlation_id_that_is_no_guid_is_not_kept(void **)
{
    Flow flow = polling();
    const Finished done = flow.end_after(
        reply_of(400, error_of("access_denied", R"(,"correlation_id":"\u001b[2J")")));
    assert_text(done.correlation_id, request_id);
}

void answers_that_make_no_sense_end_the_poll(void **)
{
    const std::string deep = "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}";
    const std::string huge = R"({"id_token":")" + std::string(65 * 1024, 'a') + "\"}";
    for (const std::string_view body :
         {std::string_view{""}, std::string_view{"<html>sign in to the hotel</html>"},
          std::string_view{"[]"}, std::string_view{"null"}, std::string_view{"{"},
          std::string_view{R"({"id_token":7})"}, std::string_view{R"({"id_token":""})"},
          std::string_view{R"({"access_token":"at"})"}, std::string_view{R"({"error":7})"},
          std::string_view{R"({"error":null,"id_token":"a.b.c"})"},
          std::string_view{R"({"error":"authorization_pending","error":"slow_down"})"},
          std::string_view{"{\"id_token\":\"a\\u0000b\"}"}, std::string_view{deep},
          std::string_view{huge}}) {
        Flow flow = polling();
        assert_failure(flow.end_after(reply_of(200, body)), Failure::broken);
    }
    for (const long status : {0L, 100L, 201L, 204L, 301L, 302L, 307L, 308L, 400L, 404L}) {
        Flow flow = polling();
        assert_failure(flow.end_after(reply_of(status, success)), Failure::broken);
    }
    Flow flow = polling();
    assert_failure(flow.end_after(no_reply(Outcome::too_large)), Failure::broken);
}

void redirects_of_the_first_request_are_not_followed(void **)
{
    for (const long status : {301L, 302L, 303L, 307L, 308L})
        assert_failure(authorize_with(reply_of(status, code_reply)), Failure::broken);
}

void codes_that_can_not_be_shown_are_refused(void **)
{
    const auto reply = [](std::string_view code, std::string_view uri, std::string_view device) {
        return reply_of(200, R"({"user_code":")" + std::string{code} + R"(","verification_uri":")" +
                                 std::string{uri} + R"(","device_code":")" + std::string{device} +
                                 R"(","expires_in":900})");
    };
    constexpr const char *uri = "https://microsoft.com/devicelogin";
    for (const char *code : {"", "ABC", "ABCD EFGH", "ABCD\\nEFGH", "\\u001b[2JAB", "\\u202eABCD",
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"})
        assert_failure(authorize_with(reply(code, uri, "d")), Failure::broken);
    for (const char *bad :
         {"", "http://microsoft.com/devicelogin", "https://evil.example/device",
          "https://microsoft.com@evil.example/", "https://microsoft.com.evil.example/",
          "https://microsoft.com:444/", "https://microsoft.com\\\\@evil.example/",
          "https://microsoft.com/\\u001b[2J", "javascript:alert(1)"})
        assert_failure(authorize_with(reply("ABCD-EFGH", bad, "d")), Failure::broken);
    assert_failure(authorize_with(reply("ABCD-EFGH", uri, "")), Failure::broken);
    assert_failure(authorize_with(reply("ABCD-EFGH", uri, std::string(8193, 'd'))),
                   Failure::broken);
    Flow flow;
    (void)flow.grant.start();
    assert_true(std::holds_alternative<ShowCode>(
        flow.grant.on_reply(reply("abcd-EFGH-9", uri, std::string(8192, 'd')), flow.now)));
}

void calls_out_of_order_end_the_flow(void **)
{
    Flow early;
    assert_failure(early.end_after(reply_of(200, success)), Failure::broken);
    Flow twice;
    (void)twice.show();
    assert_failure(twice.end_after(reply_of(200, success)), Failure::broken);
    Flow over = polling();
    (void)over.end_after(reply_of(200, success));
    assert_failure(over.end_after(reply_of(200, success)), Failure::broken);
    assert_failure(over.end_by_time(), Failure::broken);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_final_error_ends_with_its_own_failure),
        cmocka_unit_test(declined_expired_and_used_codes_read_differently),
        cmocka_unit_test(the_number_gives_advice_and_decides_nothing),
        cmocka_unit_test(the_number_is_found_in_the_description_too),
        cmocka_unit_test(a_correlation_id_that_is_no_guid_is_not_kept),
        cmocka_unit_test(answers_that_make_no_sense_end_the_poll),
        cmocka_unit_test(redirects_of_the_first_request_are_not_followed),
        cmocka_unit_test(codes_that_can_not_be_shown_are_refused),
        cmocka_unit_test(calls_out_of_order_end_the_flow),
    };
    return cmocka_run_group_tests_name("oidc/%s", tests, nullptr, nullptr);
}
