#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/provider.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using Outcome = HttpReply::Outcome;

namespace {

// A discovery document with one member replaced; an empty value leaves it out.
std::string document_with(std::string_view member = {}, std::string_view value = {})
{
    const Provider provider = entra_provider();
    std::string made = R"({"msgraph_host":"graph.microsoft.com","scopes_supported":["openid"])";
    const auto add = [&](std::string_view name, const std::string &usual) {
        const std::string text =
            name == member ? std::string{value} : std::string{"\""} + usual + "\"";
        if (!text.empty())
            made += ",\"" + std::string{name} + "\":" + text;
    };
    add("issuer", entra_expectations().issuer);
    add("device_authorization_endpoint", provider.device_authorization_endpoint);
    add("token_endpoint", provider.token_endpoint);
    add("jwks_uri", provider.jwks_uri);
    return made + "}";
}

Result<Provider> read(std::string_view body, long status = 200)
{
    return read_discovery_reply(entra_expectations(), reply_of(status, body));
}

void assert_code(const Result<Provider> &result, Code code)
{
    assert_false(result.has_value());
    assert_int_equal(static_cast<int>(result.error().code), static_cast<int>(code));
}

void the_request_is_a_get_of_the_configured_address(void **)
{
    const HttpRequest request = make_discovery_request(entra_expectations());
    assert_true(request.method == HttpRequest::Method::get);
    assert_text(request.url, entra_expectations().discovery_url);
    assert_true(request.form.empty());
}

void a_good_document_gives_the_three_endpoints(void **)
{
    const auto provider = read(document_with());
    assert_true(provider.has_value());
    assert_text(provider->device_authorization_endpoint,
                entra_provider().device_authorization_endpoint);
    assert_text(provider->token_endpoint, entra_provider().token_endpoint);
    assert_text(provider->jwks_uri, entra_provider().jwks_uri);
}

void the_template_for_all_tenants_means_ours(void **)
{
    const auto provider =
        read(document_with("issuer", R"("https://login.microsoftonline.com/{tenantid}/v2.0")"));
    assert_true(provider.has_value());
    for (const char *issuer : {R"("https://evil.example/{tenantid}/v2.0")", R"("{tenantid}")",
                               R"("https://login.microsoftonline.com/{tenantid}/{tenantid}/v2.0")"})
        assert_code(read(document_with("issuer", issuer)), Code::denied);
    // Other providers have no tenants.
    Expectations plain = entra_expectations();
    plain.is_entra = false;
    assert_false(is_issuer("https://login.microsoftonline.com/{tenantid}/v2.0", plain));
}

void graph_is_where_the_document_says_if_we_know_that_place(void **)
{
    Expectations expected = entra_expectations();
    const auto host_of = [&](std::string_view named) {
        constexpr std::string_view usual = "graph.microsoft.com";
        std::string document = document_with();
        document.replace(document.find(usual), usual.size(), named);
        const auto read = read_discovery_reply(expected, reply_of(200, document));
        assert_true(read.has_value());
        return read->graph_host;
    };
    assert_text(host_of("graph.microsoft.com"), "");
    expected.graph_hosts = {"graph.microsoft.us", "dod-graph.microsoft.us"};
    assert_text(host_of("dod-graph.microsoft.us"), "dod-graph.microsoft.us");
    assert_text(host_of("evil.example"), "graph.microsoft.us");

    Provider provider = entra_provider();
    assert_false(asks_for_graph(expected, provider));
    for (const char *scope :
         {"https://graph.microsoft.com.evil.example/x", "graph.microsoft.com/x", "User.Read"}) {
        expected.scopes = {"openid", scope};
        assert_false(asks_for_graph(expected, provider));
    }
    expected.scopes = {"openid", "https://graph.microsoft.com/User.Read"};
    assert_true(asks_for_graph(expected, provider));
    provider.graph_host.clear();
    assert_false(asks_for_graph(expected, provider));
}

void another_issuer_is_refused(void **)
{
    for (const char *issuer :
         {"", "null", "7", R"("")",
          R"("https://login.microsoftonline.com/6f1c0000-0000-4000-8000-000000000001/v2.0/")",
          R"("https://LOGIN.microsoftonline.com/6f1c0000-0000-4000-8000-000000000001/v2.0")",
          R"(["https://login.microsoftonline.com/6f1c0000-0000-4000-8000-000000000001/v2.0"])"})
        assert_code(read(document_with("issuer", issuer)), Code::denied);
}

void an_endpoint_elsewhere_is_refused(void **)
{
    for (const char *member : {"device_authorization_endpoint", "token_endpoint", "jwks_uri"})
        for (const char *uri :
             {"", "null", "{}", R"("")", R"("http://login.microsoftonline.com/t")",
              R"("https://login.microsoftonline.com")", R"("https://login.microsoftonline.com?t")",
              R"("https://login.microsoftonline.com:444/t")",
              R"("https://login.microsoftonline.com:443/t")",
              R"("https://evil.example/login.microsoftonline.com/t")",
              R"("https://login.microsoftonline.com.evil.example/t")",
              R"("https://login.microsoftonline.com@evil.example/t")",
              R"("https://a@login.microsoftonline.com/t")",
              R"("https://login.microsoftonline.com/t#f")",
              R"("https://login.microsoftonline.com\\@evil.example/t")",
              R"("https://login.microsoftonline.com/a b")",
              R"("https://login.microsoftonline.com/\r\nHost: evil")",
              R"(" https://login.microsoftonline.com/t")",
              R"("HTTPS://login.microsoftonline.com/t")"})
            assert_code(read(document_with(member, uri)), Code::denied);
    const std::string endless(3000, 'a');
    assert_code(
        read(document_with("jwks_uri", "\"https://login.microsoftonline.com/" + endless + "\"")),
        Code::denied);
}

void what_is_no_single_object_is_refused(void **)
{
    const std::string good = document_with();
    const std::string twice = good.substr(0, good.size() - 1) + R"(,"issuer":"x"})";
    const std::string deep =
        good.substr(0, good.size() - 1) + ",\"x\":" + std::string(100'000, '[');
    const std::string brackets =
        good.substr(0, good.size() - 1) + R"(,"x":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[["})";
    for (const std::string_view body :
         {std::string_view{""}, std::string_view{"[]"}, std::string_view{"null"},
          std::string_view{"<html>"}, std::string_view{twice}, std::string_view{deep},
          std::string_view{good}.substr(0, good.size() - 1)})
        assert_code(read(body), Code::bad_input);
    assert_true(read(brackets).has_value());
    assert_code(read(good + "x"), Code::bad_input);
}

void a_reply_that_may_get_better_is_unavailable_and_others_are_not(void **)
{
    for (const Outcome outcome : {Outcome::unreachable, Outcome::timed_out, Outcome::not_trusted})
        assert_code(read_discovery_reply(entra_expectations(), no_reply(outcome)),
                    Code::unavailable);
    for (const long status : {429L, 500L, 502L, 503L, 504L})
        assert_code(read(document_with(), status), Code::unavailable);
    for (const long status : {0L, 201L, 204L, 301L, 302L, 400L, 401L, 404L})
        assert_code(read(document_with(), status), Code::bad_input);
    assert_code(read_discovery_reply(entra_expectations(), no_reply(Outcome::too_large)),
                Code::bad_input);
}

void only_https_on_the_listed_hosts_is_shown(void **)
{
    const Expectations expected = entra_expectations();
    for (const char *uri : {"https://microsoft.com/devicelogin", "https://www.microsoft.com/link",
                            "https://login.microsoft.com/device", "https://login.microsoft.com"})
        assert_true(is_showable_uri(expected, uri));
    for (const char *uri :
         {"", "https://", "https:///device", "http://microsoft.com/devicelogin",
          "https://login.microsoftonline.com/device", "https://evil.example/microsoft.com",
          "https://microsoft.com.evil.example/", "https://user@microsoft.com/",
          "https://microsoft.com@evil.example/", "https://microsoft.com:8443/",
          "https://microsoft.com\\.evil.example/", "https://microsoft.com/\x1b[2J",
          "https://microsoft.com/\xe2\x80\xae", "https://microsoft.com/a b",
          "https://xmicrosoft.com/", "javascript://microsoft.com/"})
        assert_false(is_showable_uri(expected, uri));
    const std::string base = "https://microsoft.com/";
    assert_true(is_showable_uri(expected, base + std::string(200 - base.size(), 'a')));
    assert_false(is_showable_uri(expected, base + std::string(201 - base.size(), 'a')));
}

void a_host_with_a_port_must_be_listed_with_it(void **)
{
    Expectations expected;
    expected.verification_hosts = {"id.example.org:8443"};
    assert_true(is_showable_uri(expected, "https://id.example.org:8443/device"));
    assert_false(is_showable_uri(expected, "https://id.example.org/device"));
    expected.verification_hosts.clear();
    assert_false(is_showable_uri(expected, "https://id.example.org:8443/device"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_a_get_of_the_configured_address),
        cmocka_unit_test(a_good_document_gives_the_three_endpoints),
        cmocka_unit_test(the_template_for_all_tenants_means_ours),
        cmocka_unit_test(graph_is_where_the_document_says_if_we_know_that_place),
        cmocka_unit_test(another_issuer_is_refused),
        cmocka_unit_test(an_endpoint_elsewhere_is_refused),
        cmocka_unit_test(what_is_no_single_object_is_refused),
        cmocka_unit_test(a_reply_that_may_get_better_is_unavailable_and_others_are_not),
        cmocka_unit_test(only_https_on_the_listed_hosts_is_shown),
        cmocka_unit_test(a_host_with_a_port_must_be_listed_with_it),
    };
    return cmocka_run_group_tests_name("oidc/provider", tests, nullptr, nullptr);
}
