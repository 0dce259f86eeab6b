#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <vector>

#include "tests/unit/oidc/grant_flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;
using Outcome = HttpReply::Outcome;

namespace {

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
    for (const Row &row :
         {Row{"", 5}, Row{"null", 5}, Row{"7", 7}, Row{"\"7\"", 7}, Row{"0", 1}, Row{"60", 60},
          Row{"61", 60}, Row{"9223372036854775807", 60}, Row{"-1", 1}, Row{"\"-5\"", 1},
          Row{"\"99999999999999999999\"", 60}, Row{"\"-99999999999999999999\"", 1}}) {
        Flow flow;
        assert_true(flow.show(code_with("interval", row.value)).poll_at ==
                    began + seconds{row.seconds});
    }
    for (const char *value : {"1.5", "\"\"", "\"5s\"", "true", "[5]", "\" 5\"", "\"0x5\"",
                              "99999999999999999999", "\"99999999999999999999s\"", "\"-\""})
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
                           Row{"9223372036854775807", 3600}, Row{"0", 1}, Row{"-900", 1}}) {
        Flow flow{seconds{100'000}};
        assert_true(flow.show(code_with("expires_in", row.value)).expires ==
                    began + seconds{row.seconds});
    }
    for (const char *value : {"", "900.0", "null", "{}", "\"soon\"", "1e400"})
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

void what_stands_before_the_provider_may_say_later_too(void **)
{
    for (const long status : {408L, 425L}) {
        Flow flow = polling();
        assert_int_equal(flow.pause_after(reply_of(status, "")), 5);
    }
    for (const long status : {400L, 403L, 404L, 499L}) {
        Flow flow = polling();
        assert_int_equal(flow.pause_after(reply_of(status, "<html>wait</html>", "7")), 7);
        Flow first;
        (void)first.grant.start();
        assert_int_equal(first.pause_after(reply_of(status, "", "9")), 9);
    }
    // What the provider itself says counts, and a redirect is none however late.
    Flow said = polling();
    assert_failure(said.end_after(reply_of(403, error_of("access_denied"), "7")),
                   Failure::declined);
    for (const auto &[status, body] : {std::pair{302L, ""}, {200L, "<html>wait</html>"}}) {
        Flow flow = polling();
        assert_failure(flow.end_after(reply_of(status, body, "7")), Failure::broken);
    }
    Flow silent = polling();
    assert_failure(silent.end_after(reply_of(403, "<html>no</html>")), Failure::broken);
}

void many_failures_in_a_row_never_overflow_the_pause(void **)
{
    Flow flow = polling(seconds{100'000});
    while (flow.now < began + seconds{800}) {
        assert_true(flow.pause_after(no_reply(Outcome::unreachable)) <= 60);
        flow.poll_at(flow.now);
    }
}

// The pauses after so many lost polls, a token's polls in between, with a seed.
std::vector<BootClock::duration> pauses_of(std::string_view seed)
{
    Flow flow{seconds{3000}, entra_party(), {}, seed};
    flow.poll_at(flow.show().poll_at);
    std::vector<BootClock::duration> pauses;
    for (int i = 0; i < 12; ++i) {
        const BootTime before = flow.now;
        (void)flow.pause_after(i % 3 == 2 ? reply_of(429, "", "7") : no_reply(Outcome::timed_out));
        pauses.push_back(flow.now - before);
        flow.poll_at(flow.now);
    }
    return pauses;
}

void pauses_after_failures_are_spread_by_the_seed_and_never_shorter(void **)
{
    const auto plain = pauses_of("");
    const auto one = pauses_of("0b9e0000-0000-4000-8000-00000000000a");
    const auto other = pauses_of("0b9e0000-0000-4000-8000-00000000000b");
    assert_true(one == pauses_of("0b9e0000-0000-4000-8000-00000000000a"));
    bool is_spread = false;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        for (const auto &spread : {one[i], other[i]})
            assert_true(spread >= plain[i] && spread <= plain[i] + plain[i] / 10);
        is_spread = is_spread || (one[i] != other[i] && one[i] != plain[i]);
    }
    assert_true(is_spread);
}

void a_poll_that_was_answered_keeps_to_the_interval(void **)
{
    Flow flow{seconds{600}, entra_party(), {}, "0b9e0000-0000-4000-8000-00000000000a"};
    assert_true(flow.show().poll_at == began + seconds{5});
    flow.poll_at(began + seconds{5});
    (void)flow.pause_after(reply_of(400, pending));
    assert_true(flow.now == began + seconds{10});
    flow.poll_at(flow.now);
    // Enter looks as soon as the interval allows, however long the pause was made.
    assert_true(flow.pause_after(no_reply(Outcome::unreachable)) >= 10);
    assert_true(std::holds_alternative<SendRequest>(flow.grant.hurry(began + seconds{15})));
}

void a_spread_is_a_tenth_at_most(void **)
{
    using std::chrono::microseconds;
    Jitter none{""};
    assert_true(none.spread(seconds{60}) == seconds{60});
    std::vector<microseconds> seen;
    Jitter jitter{"a"};
    for (int i = 0; i < 1000; ++i)
        seen.push_back(jitter.spread(seconds{10}));
    const auto [least, most] = std::minmax_element(seen.begin(), seen.end());
    assert_true(*least >= seconds{10} && *most <= seconds{11});
    // And all of that tenth is used.
    assert_true(*least < seconds{10} + microseconds{50'000});
    assert_true(*most > seconds{11} - microseconds{50'000});
    for (const microseconds tiny : {microseconds{-5}, microseconds{0}, microseconds{9}})
        assert_true(jitter.spread(tiny) == tiny);
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

void what_is_distrusted_is_told_apart(void **)
{
    using Distrust = HttpReply::Distrust;
    for (const auto &[distrust, failure] : {std::pair{Distrust::other, Failure::not_trusted},
                                            {Distrust::authority, Failure::foreign},
                                            {Distrust::name, Failure::wrong_host},
                                            {Distrust::dates, Failure::out_of_date},
                                            {Distrust::version, Failure::old_tls}}) {
        HttpReply reply = no_reply(Outcome::not_trusted);
        reply.distrust = distrust;
        assert_failure(authorize_with(reply), failure);
    }
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
        cmocka_unit_test(what_stands_before_the_provider_may_say_later_too),
        cmocka_unit_test(many_failures_in_a_row_never_overflow_the_pause),
        cmocka_unit_test(pauses_after_failures_are_spread_by_the_seed_and_never_shorter),
        cmocka_unit_test(a_poll_that_was_answered_keeps_to_the_interval),
        cmocka_unit_test(a_spread_is_a_tenth_at_most),
        cmocka_unit_test(the_first_request_is_retried_twice),
        cmocka_unit_test(a_first_request_that_recovers_shows_the_code),
        cmocka_unit_test(a_first_retry_past_the_deadline_is_unreachable_at_once),
        cmocka_unit_test(distrust_ends_before_the_code_and_is_retried_twice_after),
        cmocka_unit_test(what_is_distrusted_is_told_apart),
    };
    return cmocka_run_group_tests_name("oidc/%s", tests, nullptr, nullptr);
}
