#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <utility>

#include "lib/base/text.h"
#include "lib/oidc/host_advice.h"
#include "lib/oidc/host_token.h"
#include "lib/oidc/json.h"
#include "tests/unit/oidc/flow.h"
#include "tests/unit/oidc/made_key.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;
using Outcome = HttpReply::Outcome;

namespace {

EvpKey key;
std::shared_ptr<const HostKey> host_key;
std::shared_ptr<const HostKey> old_key;

constexpr const char *guid = "0b9e0000-0000-4000-8000-00000000000a";
constexpr const char *good =
    R"({"access_token":"at.1","expires_in":"3599","token_type":"Bearer","resource":"x"})";

HostIdentity identity_of(HostCredential way)
{
    HostIdentity identity;
    identity.way = way;
    identity.graph_host = "graph.microsoft.com";
    identity.token_endpoint = entra_provider().token_endpoint;
    identity.client_id = test_client;
    identity.key = host_key;
    return identity;
}

struct Host {
    explicit Host(HostCredential way) : token(identity_of(way)) {}
    explicit Host(HostIdentity identity) : token(std::move(identity)) {}

    Moment moment() const { return {{wall_time(), now}, guid}; }
    TokenStep ask() { return token.ask(moment()); }
    TokenStep on_time() { return token.on_time(moment()); }
    TokenStep reply(long status, std::string_view body, std::string_view retry_after = {})
    {
        return token.on_reply(reply_of(status, body, retry_after), now);
    }
    TokenStep challenge(std::string_view header)
    {
        HttpReply answer = reply_of(401, "");
        answer.www_authenticate = header;
        return token.on_reply(answer, now);
    }

    HostToken token;
    BootTime now{seconds{1000}};
};

const HttpRequest &request_in(const TokenStep &step)
{
    assert_true(std::holds_alternative<SendRequest>(step));
    return std::get<SendRequest>(step).request;
}

// Some advice, in one line.
const TokenFailed &failure_in(const TokenStep &step, Failure failure)
{
    assert_true(std::holds_alternative<TokenFailed>(step));
    const auto &failed = std::get<TokenFailed>(step);
    assert_int_equal(static_cast<int>(failed.failure), static_cast<int>(failure));
    assert_false(failed.advice.empty());
    assert_text(safe_text(failed.advice, 1024), failed.advice);
    return failed;
}

void expect_ready(const TokenStep &step)
{
    assert_true(std::holds_alternative<TokenReady>(step));
}

// How long it wants to wait; 0: it does not.
long pause_of(const TokenStep &step, const Host &host)
{
    const auto *wait = std::get_if<WaitUntil>(&step);
    return wait == nullptr ? 0
                           : static_cast<long>(
                                 std::chrono::duration_cast<seconds>(wait->at - host.now).count());
}

std::string member_of(std::string_view form, const std::string &name)
{
    const std::size_t begin = ("&" + std::string{form}).find("&" + name + "=");
    if (begin == std::string::npos)
        return "";
    const std::string rest{form.substr(begin + name.size() + 1)};
    return rest.substr(0, rest.find('&'));
}

void a_certificate_asks_with_an_assertion_of_five_minutes(void **)
{
    Host host{HostCredential::certificate};
    const WallTime before = wall_time();
    const TokenStep step = host.ask();
    const HttpRequest &request = request_in(step);
    assert_true(request.method == HttpRequest::Method::post);
    assert_text(request.url, entra_provider().token_endpoint);
    assert_text(request.client_request_id, guid);
    const std::string_view form = request.form.reveal();
    assert_text(member_of(form, "grant_type"), "client_credentials");
    assert_text(member_of(form, "client_id"), test_client);
    assert_text(member_of(form, "scope"), "https%3A%2F%2Fgraph.microsoft.com%2F.default");
    assert_text(member_of(form, "client_assertion_type"),
                "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer");
    const std::string assertion = member_of(form, "client_assertion");
    const std::size_t first = assertion.find('.');
    const std::size_t second = assertion.find('.', first + 1);
    assert_true(evp_verifies_ps256(assertion.substr(0, second),
                                   evp_decode(assertion.substr(second + 1)).value_or(""),
                                   key.get()));
    const Json claims =
        parse_object(evp_decode(assertion.substr(first + 1, second - first - 1)).value_or(""));
    assert_text(text_member(claims.get(), "aud").value_or(""), entra_provider().token_endpoint);
    assert_text(text_member(claims.get(), "iss").value_or(""), test_client);
    assert_text(text_member(claims.get(), "sub").value_or(""), test_client);
    assert_text(text_member(claims.get(), "jti").value_or(""), guid);
    const auto number = [&](const char *name) {
        return json_integer_value(json_object_get(claims.get(), name));
    };
    assert_true(number("nbf") >= before.time_since_epoch().count());
    assert_int_equal(number("exp") - number("nbf"), 300);
    expect_ready(host.reply(200, good));
    assert_text(host.token.token().reveal(), "at.1");
}

void imds_is_asked_at_its_address_with_its_header(void **)
{
    Host host{HostCredential::imds};
    const TokenStep step = host.ask();
    const HttpRequest &request = request_in(step);
    assert_true(request.method == HttpRequest::Method::get);
    assert_text(request.url,
                "http://169.254.169.254/metadata/identity/oauth2/token"
                "?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com%2F");
    assert_int_equal(request.headers.size(), 1);
    assert_text(request.headers.at(0), "Metadata: true");
    assert_true(request.bearer.empty() && request.basic.empty() && request.form.empty());
    expect_ready(host.reply(200, good));
}

void arc_is_answered_with_what_its_file_holds(void **)
{
    Host host{HostCredential::arc};
    const TokenStep first = host.ask();
    assert_text(request_in(first).url,
                "http://localhost:40342/metadata/identity/oauth2/token"
                "?api-version=2020-06-01&resource=https%3A%2F%2Fgraph.microsoft.com%2F");
    assert_true(request_in(first).basic.empty());
    const TokenStep read = host.challenge("Basic realm=/var/opt/azcmagent/tokens/1.key");
    assert_true(std::holds_alternative<ReadChallenge>(read));
    assert_text(std::get<ReadChallenge>(read).path, "/var/opt/azcmagent/tokens/1.key");
    const TokenStep second =
        host.token.on_challenge(Result<SecretString>{SecretString{"a2V5\n"}}, host.now);
    assert_text(request_in(second).url, request_in(first).url);
    assert_text(request_in(second).basic.reveal(), "a2V5");
    assert_text(request_in(second).headers.at(0), "Metadata: true");
    expect_ready(host.reply(200, good));
}

void an_agent_that_does_not_challenge_is_not_arcs(void **)
{
    for (const char *header :
         {"", "Bearer realm=/a.key", "Basic", "Basic realm=", "Basic realm=a.key",
          "Basic realm=\"/a.key", "Basic realm=/a.key, Basic realm=/b.key", "Basic realm=/a b.key",
          "Basic realm=/a\\.key", "Basic realm=/a\x01.key"}) {
        Host host{HostCredential::arc};
        host.ask();
        failure_in(host.challenge(header), Failure::broken);
    }
    Host host{HostCredential::arc};
    host.ask();
    failure_in(host.challenge("Basic realm=/" + std::string(300, 'a')), Failure::broken);
    // A token unasked, or a redirect.
    for (const long status : {200L, 302L, 403L}) {
        Host other{HostCredential::arc};
        other.ask();
        failure_in(other.reply(status, good), Failure::broken);
    }
}

void arcs_file_that_can_not_be_read_is_no_answer(void **)
{
    Host host{HostCredential::arc};
    host.ask();
    host.challenge("Basic realm=\"/a.key\"");
    const TokenStep step =
        host.token.on_challenge(Error{Code::denied, "may not be read"}, host.now);
    assert_non_null(std::strstr(failure_in(step, Failure::misconfigured).advice.c_str(), "himds"));
    for (const std::string &text : {std::string{}, std::string{"\n"}, std::string{"a b"},
                                    std::string{"a\nb"}, std::string(5000, 'a')}) {
        Host other{HostCredential::arc};
        other.ask();
        other.challenge("Basic realm=/a.key");
        failure_in(other.token.on_challenge(Result<SecretString>{SecretString{text}}, other.now),
                   Failure::broken);
    }
}

void arc_that_refuses_its_own_key_gives_no_token(void **)
{
    Host host{HostCredential::arc};
    host.ask();
    host.challenge("Basic realm=/a.key");
    (void)host.token.on_challenge(Result<SecretString>{SecretString{"k"}}, host.now);
    failure_in(host.challenge("Basic realm=/a.key"), Failure::misconfigured);
}

void a_token_is_kept_until_five_minutes_before_its_end(void **)
{
    Host host{HostCredential::imds};
    host.ask();
    host.now += seconds{10};
    expect_ready(host.reply(200, good));
    host.now = BootTime{seconds{1000 + 3599 - 301}};
    expect_ready(host.ask());
    host.now += seconds{1};
    (void)request_in(host.ask());
    // While another is fetched the old one serves.
    expect_ready(host.ask());
    expect_ready(
        host.reply(200, R"({"access_token":"at.2","expires_in":100,"token_type":"bearer"})"));
    assert_text(host.token.token().reveal(), "at.2");
    // One that is short-lived is used for half its life.
    host.now += seconds{49};
    expect_ready(host.ask());
    host.now += seconds{1};
    (void)request_in(host.ask());
}

void one_fetch_goes_at_a_time(void **)
{
    Host host{HostCredential::imds};
    (void)request_in(host.ask());
    assert_true(std::holds_alternative<TokenUnderWay>(host.ask()));
    assert_int_equal(pause_of(host.reply(503, ""), host), 1);
    assert_true(std::holds_alternative<TokenUnderWay>(host.ask()));
    assert_int_equal(pause_of(host.on_time(), host), 1);
    host.now += seconds{1};
    (void)request_in(host.on_time());
    expect_ready(host.reply(200, good));
    expect_ready(host.ask());
}

void a_renewal_that_fails_leaves_the_old_token(void **)
{
    Host host{HostCredential::certificate};
    host.ask();
    host.reply(200, good);
    host.now += seconds{3400};
    host.ask();
    expect_ready(host.reply(400, R"({"error":"invalid_client","error_codes":[700027]})"));
    expect_ready(host.ask()); // and asks nobody
    // Until it is over: then the failure shows.
    host.now += seconds{169};
    (void)request_in(host.ask());
    failure_in(host.reply(400, R"({"error":"invalid_client","error_codes":[700027]})"),
               Failure::misconfigured);
    failure_in(host.ask(), Failure::misconfigured);
}

void imds_is_asked_again_as_microsoft_says(void **)
{
    for (const long status : {404L, 429L, 500L, 503L}) {
        Host host{HostCredential::imds};
        host.ask();
        for (const long pause : {1L, 2L, 4L}) {
            assert_int_equal(pause_of(host.reply(status, ""), host), pause);
            host.now += seconds{pause};
            (void)request_in(host.on_time());
        }
        failure_in(host.reply(status, ""), Failure::unreachable);
    }
    // While it is updated: up to 70 s.
    Host host{HostCredential::imds};
    host.ask();
    for (int i = 0; i < 7; ++i) {
        assert_int_equal(pause_of(host.reply(410, ""), host), 10);
        host.now += seconds{10};
        (void)request_in(host.on_time());
    }
    failure_in(host.reply(410, ""), Failure::unreachable);
}

void retry_after_is_waited_for_or_the_fetch_has_failed(void **)
{
    Host host{HostCredential::certificate};
    host.ask();
    assert_int_equal(pause_of(host.reply(429, "", "17"), host), 17);
    host.now += seconds{17};
    (void)request_in(host.on_time());
    const TokenStep step = host.reply(429, "", "600");
    assert_true(failure_in(step, Failure::unreachable).again_at == host.now + seconds{600});
    host.now += seconds{599};
    failure_in(host.ask(), Failure::unreachable);
    host.now += seconds{1};
    (void)request_in(host.ask());
}

void a_failure_holds_for_a_while(void **)
{
    Host host{HostCredential::imds};
    host.ask();
    for (int i = 0; i < 3; ++i) {
        const long pause =
            pause_of(host.token.on_reply(no_reply(Outcome::timed_out), host.now), host);
        assert_true(pause > 0);
        host.now += seconds{pause};
        host.on_time();
    }
    failure_in(host.token.on_reply(no_reply(Outcome::unreachable), host.now), Failure::unreachable);
    host.now += seconds{29};
    failure_in(host.ask(), Failure::unreachable);
    host.now += seconds{1};
    (void)request_in(host.ask());
}

void each_refusal_has_its_advice(void **)
{
    const std::pair<int, const char *> rows[] = {
        {700027, "does not know this host's certificate"},
        {7000222, "expired in Entra"},
        {7000215, "add this host's certificate"},
        {700016, "client_id and tenant"},
        {700024, "clock"},
        {53003, "workload identities"},
        {90002, "tenant or cloud"},
        {0, "refuses this host's certificate"},
    };
    for (const auto &[code, word] : rows) {
        Host host{HostCredential::certificate};
        host.ask();
        const TokenStep step = host.reply(401, R"({"error":"invalid_client","error_codes":[)" +
                                                   std::to_string(code) + "]}");
        const TokenFailed &failed = failure_in(step, Failure::misconfigured);
        assert_non_null(std::strstr(failed.advice.c_str(), word));
        assert_int_equal(failed.provider_code, code);
    }
    for (const HostCredential way : {HostCredential::imds}) {
        Host host{way};
        host.ask();
        const TokenStep step = host.reply(400, R"({"error":"invalid_request"})");
        assert_non_null(std::strstr(failure_in(step, Failure::misconfigured).advice.c_str(),
                                    "managed identity"));
    }
}

void a_busy_entra_is_asked_again(void **)
{
    Host host{HostCredential::certificate};
    host.ask();
    assert_int_equal(pause_of(host.reply(400, R"({"error":"temporarily_unavailable"})"), host), 1);
    host.now += seconds{1};
    (void)request_in(host.on_time());
}

void an_answer_without_a_token_makes_no_sense(void **)
{
    for (const std::string &body :
         {std::string{}, std::string{"<html>"}, std::string{"[]"}, std::string{"{}"},
          std::string{R"({"access_token":"","expires_in":3599,"token_type":"Bearer"})"},
          std::string{R"({"access_token":7,"expires_in":3599,"token_type":"Bearer"})"},
          std::string{R"({"access_token":"a b","expires_in":3599,"token_type":"Bearer"})"},
          std::string{R"({"access_token":"a","token_type":"Bearer"})"},
          std::string{R"({"access_token":"a","expires_in":"soon","token_type":"Bearer"})"},
          std::string{R"({"access_token":"a","expires_in":3599})"},
          std::string{R"({"access_token":"a","expires_in":3599,"token_type":"pop"})"},
          R"({"access_token":")" + std::string(70'000, 'a') +
              R"(","expires_in":3599,"token_type":"Bearer"})"}) {
        Host host{HostCredential::imds};
        host.ask();
        failure_in(host.reply(200, body), Failure::broken);
        assert_true(host.token.token().empty());
    }
    for (const long status : {201L, 204L, 302L}) {
        Host host{HostCredential::certificate};
        host.ask();
        failure_in(host.reply(status, good), Failure::broken);
    }
    Host host{HostCredential::certificate};
    host.ask();
    failure_in(host.token.on_reply(no_reply(Outcome::too_large), host.now), Failure::broken);
}

void a_provider_that_is_not_trusted_gets_nothing_more(void **)
{
    Host host{HostCredential::certificate};
    host.ask();
    failure_in(host.token.on_reply(no_reply(Outcome::not_trusted), host.now), Failure::not_trusted);
}

void what_is_missing_here_is_found_before_anybody_is_asked(void **)
{
    HostIdentity none = identity_of(HostCredential::certificate);
    none.key = nullptr;
    failure_in(Host{none}.ask(), Failure::misconfigured);
    HostIdentity plain = identity_of(HostCredential::certificate);
    plain.token_endpoint = "http://localhost:40342/token";
    failure_in(Host{plain}.ask(), Failure::misconfigured);
    HostIdentity old = identity_of(HostCredential::certificate);
    old.key = old_key;
    const TokenStep step = Host{old}.ask();
    assert_non_null(
        std::strstr(failure_in(step, Failure::misconfigured).advice.c_str(), "has expired"));
}

void a_token_that_is_dropped_is_fetched_anew(void **)
{
    Host host{HostCredential::imds};
    host.ask();
    host.reply(200, good);
    host.token.drop();
    assert_true(host.token.token().empty());
    (void)request_in(host.ask());
}

void a_token_that_ends_before_it_comes_is_none(void **)
{
    Host host{HostCredential::imds};
    host.ask();
    host.now += seconds{20};
    failure_in(host.reply(200, R"({"access_token":"a","expires_in":20,"token_type":"Bearer"})"),
               Failure::broken);
}

void a_call_that_nobody_waits_for_changes_nothing(void **)
{
    Host host{HostCredential::imds};
    assert_true(std::holds_alternative<TokenUnderWay>(host.reply(200, good)));
    assert_true(std::holds_alternative<TokenUnderWay>(host.on_time()));
    assert_true(std::holds_alternative<TokenUnderWay>(
        host.token.on_challenge(Result<SecretString>{SecretString{"k"}}, host.now)));
    assert_true(host.token.token().empty());
}

int start(void **)
{
    key = make_rsa_key();
    const SecretString pem{pkcs8_of(key.get())};
    auto read = HostKey::read(pem_of(make_certificate(key.get()).get()), pem);
    auto old = HostKey::read(pem_of(make_certificate(key.get(), -1).get()), pem);
    if (!read || !old)
        return -1;
    host_key = *std::move(read);
    old_key = *std::move(old);
    return 0;
}

int stop(void **)
{
    host_key.reset();
    old_key.reset();
    key.reset();
    return 0;
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_asks_with_an_assertion_of_five_minutes),
        cmocka_unit_test(imds_is_asked_at_its_address_with_its_header),
        cmocka_unit_test(arc_is_answered_with_what_its_file_holds),
        cmocka_unit_test(an_agent_that_does_not_challenge_is_not_arcs),
        cmocka_unit_test(arcs_file_that_can_not_be_read_is_no_answer),
        cmocka_unit_test(arc_that_refuses_its_own_key_gives_no_token),
        cmocka_unit_test(a_token_is_kept_until_five_minutes_before_its_end),
        cmocka_unit_test(one_fetch_goes_at_a_time),
        cmocka_unit_test(a_renewal_that_fails_leaves_the_old_token),
        cmocka_unit_test(imds_is_asked_again_as_microsoft_says),
        cmocka_unit_test(retry_after_is_waited_for_or_the_fetch_has_failed),
        cmocka_unit_test(a_failure_holds_for_a_while),
        cmocka_unit_test(each_refusal_has_its_advice),
        cmocka_unit_test(a_busy_entra_is_asked_again),
        cmocka_unit_test(an_answer_without_a_token_makes_no_sense),
        cmocka_unit_test(a_provider_that_is_not_trusted_gets_nothing_more),
        cmocka_unit_test(what_is_missing_here_is_found_before_anybody_is_asked),
        cmocka_unit_test(a_token_that_is_dropped_is_fetched_anew),
        cmocka_unit_test(a_token_that_ends_before_it_comes_is_none),
        cmocka_unit_test(a_call_that_nobody_waits_for_changes_nothing),
    };
    return cmocka_run_group_tests_name("oidc/host_token", tests, start, stop);
}
