#include "tests/unit/cmocka_cpp.h"

#include <vector>

#include "lib/oidc/device_grant.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;
using Outcome = HttpReply::Outcome;

namespace {

constexpr const char *request_id = "0b9e0000-0000-4000-8000-00000000000a";
constexpr BootTime began{seconds{1000}};

constexpr const char *code_reply =
    R"({"user_code":"K7QF2MZ9R","device_code":"secret&code=1","verification_uri":)"
    R"("https://login.microsoft.com/device","expires_in":900,"interval":5,"message":"go there"})";
constexpr const char *pending =
    R"({"error":"authorization_pending","error_description":"AADSTS70016: wait",)"
    R"("error_codes":[70016],"correlation_id":"11111111-2222-4333-8444-555555555555"})";
constexpr const char *slow_down = R"({"error":"slow_down"})";
constexpr const char *success =
    R"({"token_type":"Bearer","scope":"openid","expires_in":3599,"access_token":"at",)"
    R"("refresh_token":"rt","id_token":"a.b.c","ext_expires_in":1,"unknown":[{}]})";

std::string code_with(std::string_view member, std::string_view value)
{
    std::string made = R"({"user_code":"K7QF2MZ9R","device_code":"d")";
    const auto add = [&](std::string_view name, std::string_view otherwise) {
        const std::string_view chosen = name == member ? value : otherwise;
        if (!chosen.empty())
            made += ",\"" + std::string{name} + "\":" + std::string{chosen};
    };
    add("verification_uri", "\"https://microsoft.com/devicelogin\"");
    add("expires_in", "900");
    add("interval", "5");
    return made + "}";
}

std::string error_of(std::string_view error, std::string_view rest = {})
{
    return R"({"error":")" + std::string{error} + "\"" + std::string{rest} + "}";
}

// One grant and the time it is told.
struct Flow {
    DeviceGrant grant;
    BootTime now = began;

    explicit Flow(seconds deadline = seconds{600})
        : grant(entra_expectations(), entra_provider(), request_id, began + deadline)
    {
    }
    // To the first poll on the wire.
    ShowCode show(std::string_view reply = code_reply)
    {
        assert_true(std::holds_alternative<SendRequest>(grant.start()));
        Step step = grant.on_reply(reply_of(200, reply), now);
        assert_true(std::holds_alternative<ShowCode>(step));
        return std::get<ShowCode>(step);
    }
    void advance(BootTime to)
    {
        assert_true(to >= now);
        now = to;
    }
    void poll_at(BootTime at)
    {
        advance(at);
        assert_true(std::holds_alternative<SendRequest>(grant.on_time(now)));
    }
    // The pause before the next poll, in seconds.
    long pause_after(const HttpReply &reply)
    {
        const Step step = grant.on_reply(reply, now);
        assert_true(std::holds_alternative<WaitUntil>(step));
        const BootTime at = std::get<WaitUntil>(step).at;
        const long pause = std::chrono::duration_cast<seconds>(at - now).count();
        now = at;
        return pause;
    }
    Finished end_after(const HttpReply &reply)
    {
        Step step = grant.on_reply(reply, now);
        assert_true(std::holds_alternative<Finished>(step));
        return std::get<Finished>(std::move(step));
    }
    Finished end_by_time()
    {
        Step step = grant.on_time(now);
        assert_true(std::holds_alternative<Finished>(step));
        return std::get<Finished>(std::move(step));
    }
};

Flow polling(seconds deadline = seconds{600})
{
    Flow flow{deadline};
    flow.poll_at(flow.show().poll_at);
    return flow;
}

void assert_failure(const Finished &done, Failure failure)
{
    assert_int_equal(static_cast<int>(done.failure), static_cast<int>(failure));
    assert_true(done.id_token.empty());
    assert_false(done.advice.empty());
    assert_false(done.correlation_id.empty());
}

Finished authorize_with(const HttpReply &reply)
{
    Flow flow;
    assert_true(std::holds_alternative<SendRequest>(flow.grant.start()));
    return flow.end_after(reply);
}

// --- what is sent ---

void start_sends_the_client_and_scopes_encoded(void **)
{
    Flow flow;
    const Step step = flow.grant.start();
    const HttpRequest &request = std::get<SendRequest>(step).request;
    assert_true(request.method == HttpRequest::Method::post);
    assert_text(request.url, entra_provider().device_authorization_endpoint);
    assert_text(request.client_request_id, request_id);
    assert_text(request.form.reveal(),
                "client_id=c11e0000-0000-4000-8000-000000000002&scope=openid%20profile");
}

void a_poll_sends_the_grant_type_and_the_code_encoded(void **)
{
    Flow flow;
    flow.advance(flow.show().poll_at);
    const Step step = flow.grant.on_time(flow.now);
    const HttpRequest &request = std::get<SendRequest>(step).request;
    assert_true(request.method == HttpRequest::Method::post);
    assert_text(request.url, entra_provider().token_endpoint);
    assert_text(request.client_request_id, request_id);
    assert_text(request.form.reveal(),
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
                "&client_id=c11e0000-0000-4000-8000-000000000002&device_code=secret%26code%3D1");
}

void the_code_is_shown_as_received_and_polled_after_the_interval(void **)
{
    Flow flow;
    const ShowCode shown = flow.show();
    assert_text(shown.user_code, "K7QF2MZ9R");
    assert_text(shown.uri, "https://login.microsoft.com/device");
    assert_true(shown.expires == began + seconds{600}); // the caller's, shorter than 900
    assert_true(shown.poll_at == began + seconds{5});
    const Step early = flow.grant.on_time(began + seconds{4});
    assert_true(std::get<WaitUntil>(early).at == shown.poll_at);
}

void success_gives_the_id_token_alone(void **)
{
    Flow flow = polling();
    assert_int_equal(flow.pause_after(reply_of(400, pending)), 5);
    flow.poll_at(flow.now);
    const Finished done = flow.end_after(reply_of(200, success));
    assert_true(done.failure == Failure::none);
    assert_text(done.id_token.reveal(), "a.b.c");
    assert_text(done.advice, "");
    assert_text(done.correlation_id, request_id);
}

// --- the interval ---

void three_slow_downs_make_the_interval_twenty_for_good(void **)
{
    Flow flow = polling();
    for (const long expected : {10, 15, 20}) {
        assert_int_equal(flow.pause_after(reply_of(400, slow_down)), expected);
        flow.poll_at(flow.now);
    }
    assert_int_equal(flow.pause_after(reply_of(400, pending)), 20);
}

void the_interval_is_read_and_bounded(void **)
{
    struct Row {
        const char *value; // "" leaves it out
        long seconds;
    };
    for (const Row &row : {Row{"", 5}, Row{"null", 5}, Row{"7", 7}, Row{"\"7\"", 7}, Row{"0", 1},
                           Row{"60", 60}, Row{"61", 60}, Row{"9223372036854775807", 60}}) {
        Flow flow;
        assert_true(flow.show(code_with("interval", row.value)).poll_at ==
                    began + seconds{row.seconds});
    }
    for (const char *value : {"-1", "1.5", "\"\"", "\"5s\"", "true", "[5]", "\" 5\"", "\"0x5\"",
                              "99999999999999999999", "\"99999999999999999999\""})
        assert_failure(authorize_with(reply_of(200, code_with("interval", value))),
                       Failure::broken);
}

void the_code_life_is_read_and_bounded(void **)
{
    struct Row {
        const char *value;
        long seconds;
    };
    for (const Row &row : {Row{"1", 1}, Row{"\"300\"", 300}, Row{"3600", 3600}, Row{"3601", 3600},
                           Row{"9223372036854775807", 3600}}) {
        Flow flow{seconds{100'000}};
        assert_true(flow.show(code_with("expires_in", row.value)).expires ==
                    began + seconds{row.seconds});
    }
    for (const char *value : {"", "0", "-900", "900.0", "null", "{}", "\"soon\"", "1e400"})
        assert_failure(authorize_with(reply_of(200, code_with("expires_in", value))),
                       Failure::broken);
}

void an_interval_past_the_expiry_waits_for_the_expiry_and_ends(void **)
{
    Flow flow;
    const ShowCode shown = flow.show(code_with("expires_in", "3"));
    assert_true(shown.poll_at == shown.expires);
    flow.advance(shown.poll_at);
    assert_failure(flow.end_by_time(), Failure::expired);
}

void a_pending_grant_ends_at_its_expiry(void **)
{
    Flow flow = polling(seconds{12});
    assert_int_equal(flow.pause_after(reply_of(400, pending)), 5);
    flow.poll_at(flow.now);
    assert_int_equal(flow.pause_after(reply_of(400, pending)), 2);
    assert_failure(flow.end_by_time(), Failure::expired);
}

void a_token_that_comes_after_the_deadline_is_dropped(void **)
{
    Flow flow = polling(seconds{6});
    flow.advance(began + seconds{7});
    assert_failure(flow.end_after(reply_of(200, success)), Failure::expired);
}

void a_poll_that_never_returns_ends_at_the_expiry(void **)
{
    Flow flow = polling(seconds{8});
    const Step step = flow.grant.on_time(flow.now);
    assert_true(std::get<WaitUntil>(step).at == began + seconds{8});
    flow.advance(began + seconds{8});
    assert_failure(flow.end_by_time(), Failure::expired);
}

// --- faults that pass ---

void retry_after_is_honoured_within_the_deadline(void **)
{
    struct Row {
        const char *header;
        long pause; // from second 5 of 600
    };
    for (const Row &row : {Row{"7", 7}, Row{"", 5}, Row{"0", 5}, Row{"3", 5}, Row{"99999", 595},
                           Row{"Fri, 20 Nov 2026 10:00:00 GMT", 5}, Row{"soon", 5}, Row{"-7", 5},
                           Row{"7.5", 5}, Row{"999999999999999999999999", 5}}) {
        Flow flow = polling();
        assert_int_equal(flow.pause_after(reply_of(429, "slow, please", row.header)), row.pause);
    }
    Flow flow = polling();
    assert_int_equal(flow.pause_after(reply_of(400, pending, "30")), 30);
}

void a_long_retry_after_ends_as_expired(void **)
{
    Flow flow = polling();
    (void)flow.pause_after(reply_of(429, "", "99999"));
    assert_true(flow.now == began + seconds{600});
    assert_failure(flow.end_by_time(), Failure::expired);
}

void lost_polls_are_retried_ever_later_and_forgotten_after_an_answer(void **)
{
    Flow flow = polling();
    for (const long expected : {10, 20, 40, 60, 60}) {
        assert_int_equal(flow.pause_after(no_reply(Outcome::timed_out)), expected);
        flow.poll_at(flow.now);
    }
    assert_int_equal(flow.pause_after(reply_of(400, pending)), 5);
    flow.poll_at(flow.now);
    assert_int_equal(flow.pause_after(no_reply(Outcome::unreachable)), 10);
}

void server_errors_are_retried_ever_later(void **)
{
    Flow flow = polling();
    for (const auto &[status, expected] :
         {std::pair{500L, 5}, {502L, 10}, {503L, 20}, {504L, 40}, {599L, 60}}) {
        assert_int_equal(flow.pause_after(reply_of(status, "<html>oops</html>")), expected);
        flow.poll_at(flow.now);
    }
    for (const char *error : {"temporarily_unavailable", "server_error"}) {
        Flow other = polling();
        assert_int_equal(other.pause_after(reply_of(400, error_of(error))), 5);
    }
}

void many_failures_in_a_row_never_overflow_the_pause(void **)
{
    Flow flow = polling(seconds{100'000});
    while (flow.now < began + seconds{800}) {
        assert_true(flow.pause_after(no_reply(Outcome::unreachable)) <= 60);
        flow.poll_at(flow.now);
    }
}

void the_first_request_is_retried_twice(void **)
{
    Flow flow;
    (void)flow.grant.start();
    for (const long expected : {1, 2}) {
        assert_int_equal(flow.pause_after(no_reply(Outcome::unreachable)), expected);
        flow.poll_at(flow.now);
    }
    assert_failure(flow.end_after(no_reply(Outcome::unreachable)), Failure::unreachable);
}

void a_first_request_that_recovers_shows_the_code(void **)
{
    Flow flow;
    (void)flow.grant.start();
    assert_int_equal(flow.pause_after(reply_of(503, "", "9")), 9);
    flow.poll_at(flow.now);
    assert_true(
        std::holds_alternative<ShowCode>(flow.grant.on_reply(reply_of(200, code_reply), flow.now)));
}

void a_first_retry_past_the_deadline_is_unreachable_at_once(void **)
{
    assert_failure(authorize_with(reply_of(429, "", "600")), Failure::unreachable);
}

void distrust_ends_before_the_code_and_is_retried_twice_after(void **)
{
    assert_failure(authorize_with(no_reply(Outcome::not_trusted)), Failure::not_trusted);
    Flow flow = polling();
    for (int i = 0; i < 2; ++i) {
        (void)flow.pause_after(no_reply(Outcome::not_trusted));
        flow.poll_at(flow.now);
    }
    assert_failure(flow.end_after(no_reply(Outcome::not_trusted)), Failure::not_trusted);
}

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
        cmocka_unit_test(start_sends_the_client_and_scopes_encoded),
        cmocka_unit_test(a_poll_sends_the_grant_type_and_the_code_encoded),
        cmocka_unit_test(the_code_is_shown_as_received_and_polled_after_the_interval),
        cmocka_unit_test(success_gives_the_id_token_alone),
        cmocka_unit_test(three_slow_downs_make_the_interval_twenty_for_good),
        cmocka_unit_test(the_interval_is_read_and_bounded),
        cmocka_unit_test(the_code_life_is_read_and_bounded),
        cmocka_unit_test(an_interval_past_the_expiry_waits_for_the_expiry_and_ends),
        cmocka_unit_test(a_pending_grant_ends_at_its_expiry),
        cmocka_unit_test(a_token_that_comes_after_the_deadline_is_dropped),
        cmocka_unit_test(a_poll_that_never_returns_ends_at_the_expiry),
        cmocka_unit_test(retry_after_is_honoured_within_the_deadline),
        cmocka_unit_test(a_long_retry_after_ends_as_expired),
        cmocka_unit_test(lost_polls_are_retried_ever_later_and_forgotten_after_an_answer),
        cmocka_unit_test(server_errors_are_retried_ever_later),
        cmocka_unit_test(many_failures_in_a_row_never_overflow_the_pause),
        cmocka_unit_test(the_first_request_is_retried_twice),
        cmocka_unit_test(a_first_request_that_recovers_shows_the_code),
        cmocka_unit_test(a_first_retry_past_the_deadline_is_unreachable_at_once),
        cmocka_unit_test(distrust_ends_before_the_code_and_is_retried_twice_after),
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
    return cmocka_run_group_tests_name("oidc/device_grant", tests, nullptr, nullptr);
}
