// What a flow has to ask of the person: the claims parameter, and the demands of a provider.
#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/claims_request.h"
#include "lib/oidc/seen_tokens.h"
#include "tests/unit/oidc/grant_flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

constexpr const char *capolids = R"({"access_token":{"capolids":{"essential":true}}})";

void a_context_is_asked_for_in_both_tokens_and_cp1_is_declared(void **)
{
    assert_text(make_claims_request("", ""), "");
    assert_text(make_claims_request("c1", ""),
                R"({"access_token":{"acrs":{"essential":true,"value":"c1"},)"
                R"("xms_cc":{"values":["cp1"]}},)"
                R"("id_token":{"acrs":{"essential":true,"value":"c1"}}})");
}

void what_was_demanded_is_joined_and_ours_stands(void **)
{
    assert_text(make_claims_request("", capolids), capolids);
    const std::string both = make_claims_request("c1", capolids);
    for (const char *part : {"\"capolids\"", "\"value\":\"c1\"", "\"cp1\""})
        assert_true(both.find(part) != std::string::npos);
    const std::string ours =
        make_claims_request("c1", R"({"id_token":{"acrs":{"essential":false,"value":"c9"}}})");
    assert_true(ours.find("c9") == std::string::npos);
    assert_true(ours.find("false") == std::string::npos);
}

void a_demand_is_an_object_of_bounded_size(void **)
{
    assert_text(read_demand(" { \"id_token\" : { } } "), R"({"id_token":{}})");
    for (const char *bad : {"", "{}", "[]", "\"x\"", "{", R"({"a":1,"a":2})", "null"})
        assert_text(read_demand(bad), "");
    assert_text(read_demand("{\"a\":\"" + std::string(5000, 'x') + "\"}"), "");
}

void the_claims_go_with_both_requests(void **)
{
    Flow flow{seconds{600}, entra_party(), R"({"a":1})"};
    const Step start = flow.grant.start();
    const auto form_of = [](const Step &step) {
        return std::string{std::get<SendRequest>(step).request.form.reveal()};
    };
    assert_true(form_of(start).ends_with("&claims=%7B%22a%22%3A1%7D"));
    (void)flow.grant.on_reply(reply_of(200, code_reply), flow.now);
    assert_true(
        form_of(flow.grant.on_time(began + seconds{5})).ends_with("&claims=%7B%22a%22%3A1%7D"));

    Flow plain;
    assert_true(form_of(plain.grant.start()).find("claims") == std::string::npos);
}

std::string demanded_after(const std::string &error)
{
    const Finished done = polling().end_after(reply_of(400, error));
    assert_true(done.failure != Failure::none && done.id_token.empty());
    return done.demanded;
}

void a_provider_that_wants_more_says_what(void **)
{
    const std::string claims =
        R"(,"claims":"{\"access_token\":{\"capolids\":{\"essential\":true}}}")";
    const auto numbered = [](int code) {
        return ",\"error_codes\":[" + std::to_string(code) + "]";
    };
    assert_text(demanded_after(error_of("interaction_required", claims)), capolids);
    assert_text(demanded_after(error_of("invalid_grant", claims)), capolids);
    assert_text(demanded_after(error_of("interaction_required", numbered(50076) + claims)),
                capolids);
    for (const int code : {50072, 50074, 50076, 50078, 50079})
        assert_text(demanded_after(error_of("invalid_grant", numbered(code))),
                    second_factor_demand());
    assert_text(demanded_after(error_of("interaction_required")), second_factor_demand());
    // Claims that are none.
    assert_text(demanded_after(error_of("interaction_required", R"(,"claims":"[]")")),
                second_factor_demand());
    assert_text(demanded_after(error_of("invalid_grant", R"(,"claims":{"a":1})")), "");

    // Here nothing more would help.
    for (const int code : {53000, 53003, 50097, 530032})
        assert_text(demanded_after(error_of("interaction_required", numbered(code) + claims)), "");
    assert_text(demanded_after(error_of("invalid_grant", R"(,"suberror":"message_only")" + claims)),
                "");
    assert_text(demanded_after(error_of("invalid_grant")), "");
    assert_text(demanded_after(error_of("authorization_declined", claims)), "");
    assert_text(demanded_after(error_of("invalid_client", claims)), "");
}

void the_access_token_is_kept_only_for_graph(void **)
{
    assert_true(polling().end_after(reply_of(200, success)).access_token.empty());
    Flow flow{seconds{600}, entra_party(true)};
    flow.poll_at(flow.show().poll_at);
    assert_text(std::string{flow.end_after(reply_of(200, success)).access_token.reveal()}, "at");
}

void who_hurries_is_polled_for_as_soon_as_the_interval_allows(void **)
{
    Flow flow;
    const ShowCode shown = flow.show();
    // Not before the first interval is over.
    assert_true(std::get<WaitUntil>(flow.grant.hurry(began + seconds{1})).at == shown.poll_at);
    flow.poll_at(shown.poll_at);
    // While a poll is out there is nothing to hurry.
    assert_true(std::holds_alternative<WaitUntil>(flow.grant.hurry(flow.now)));
    // Put off for a lost answer: the interval counts from there.
    const BootTime lost = flow.now;
    assert_int_equal(flow.pause_after(no_reply(HttpReply::Outcome::unreachable)), 10);
    assert_true(std::get<WaitUntil>(flow.grant.hurry(lost + seconds{2})).at == lost + seconds{5});
    assert_true(std::holds_alternative<SendRequest>(flow.grant.hurry(lost + seconds{5})));
    // What the provider asked for is kept.
    flow.now = lost + seconds{5};
    assert_int_equal(flow.pause_after(reply_of(429, "{}", "30")), 30);
    const Step wait = flow.grant.hurry(lost + seconds{20});
    assert_true(std::get<WaitUntil>(wait).at == lost + seconds{35});
}

void hurrying_never_makes_a_flow_out_of_none(void **)
{
    Flow idle;
    assert_true(std::holds_alternative<Finished>(idle.grant.hurry(began)));
    Flow late;
    const ShowCode shown = late.show();
    const Step step = late.grant.hurry(shown.expires);
    assert_true(std::get<Finished>(step).failure == Failure::expired);
}

void a_token_counts_once(void **)
{
    SeenTokens seen;
    const WallTime now{seconds{1000}};
    assert_true(seen.note("a", now + seconds{10}, now));
    assert_false(seen.note("a", now + seconds{10}, now));
    assert_false(seen.note("a", now + seconds{10}, now + seconds{100}));
    assert_true(seen.note("b", now + seconds{10}, now));
}

void tokens_without_number_are_not_remembered_and_do_not_count(void **)
{
    SeenTokens seen;
    const WallTime now{seconds{1000}};
    for (std::size_t i = 0; i < SeenTokens::max_tokens; ++i)
        assert_true(seen.note(std::to_string(i), now + seconds{10}, now));
    assert_false(seen.note("more", now + seconds{10}, now));
    // Their place is free when they could not be used any more.
    assert_true(seen.note("more", now + seconds{30}, now + seconds{11}));
    assert_false(seen.note("more", now + seconds{30}, now + seconds{11}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_context_is_asked_for_in_both_tokens_and_cp1_is_declared),
        cmocka_unit_test(what_was_demanded_is_joined_and_ours_stands),
        cmocka_unit_test(a_demand_is_an_object_of_bounded_size),
        cmocka_unit_test(the_claims_go_with_both_requests),
        cmocka_unit_test(a_provider_that_wants_more_says_what),
        cmocka_unit_test(the_access_token_is_kept_only_for_graph),
        cmocka_unit_test(who_hurries_is_polled_for_as_soon_as_the_interval_allows),
        cmocka_unit_test(hurrying_never_makes_a_flow_out_of_none),
        cmocka_unit_test(a_token_counts_once),
        cmocka_unit_test(tokens_without_number_are_not_remembered_and_do_not_count),
    };
    return cmocka_run_group_tests_name("oidc/demands", tests, nullptr, nullptr);
}
