// [notify] of jitd.toml: who is told of what, and that no fault gives an address away.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;

namespace {

constexpr std::string_view secret = "SeCrEt-ToKeN";

ParsedConfig parse_notify(const std::string &notify)
{
    return parse_conf(std::string{readme_config} + notify);
}

// One webhook with these lines.
ParsedConfig parse_webhook(const std::string &lines)
{
    return parse_notify("[[notify.webhooks]]\n" + lines);
}

const std::string good_url = "url = \"https://hooks.example.org/T0/" + std::string{secret} + "\"\n";

void a_webhook_has_the_five_events_unless_it_names_some(void **)
{
    const ParsedConfig parsed = parse_notify(
        "[notify]\nwebhooks = [\n"
        "  { url = \"https://a.example.org:8443/x?api-version=1&sig=a%2Fb_C-d\", format = "
        "\"teams\" },\n"
        "  { url = \"https://b.example.org/a@b/c\", format = \"slack\", events = [\"granted\", "
        "\"refused\"], codes = true },\n"
        "  { url = \"https://c.example.org\", format = \"json\", hmac_key = \"notify.key\" }]\n");
    assert_text(all_of(parsed.diagnostics), "");
    const auto &webhooks = parsed.config->webhooks;
    assert_int_equal(webhooks.size(), 3);
    assert_true(webhooks[0].format == Webhook::Format::teams);
    assert_text(webhooks[0].host, "a.example.org");
    assert_text(webhooks[0].url, "https://a.example.org:8443/x?api-version=1&sig=a%2Fb_C-d");
    assert_true(webhooks[0].events == std::vector<std::string>({"requested", "approved", "denied",
                                                                "expired", "revoked"}));
    assert_false(webhooks[0].codes);
    assert_true(webhooks[1].events == std::vector<std::string>({"granted", "refused"}));
    assert_true(webhooks[1].codes);
    assert_text(webhooks[2].hmac_key, "notify.key");
    assert_int_equal(webhooks[2].hmac_line, 12);
    assert_true(parse_notify("[notify]\nwebhooks = []\n").config->webhooks.empty());
}

struct Bad {
    std::string lines;
    std::string_view words;
};

void a_webhook_that_is_not_fit_is_said_with_its_place_and_without_its_address(void **)
{
    const std::string token{secret};
    const auto url = [&](const std::string &value) {
        return "url = \"" + value + "\"\nformat = \"json\"";
    };
    const Bad table[] = {
        {"format = \"json\"", "url is missing"},
        {good_url, "format is missing"},
        {url("http://hooks.example.org/" + token), ":9:7: url: is not fit, expected https://"},
        {url("https://u:" + token + "@hooks.example.org/"), "url: is not fit"},
        {url("https://hooks.example.org/x#" + token), "url: is not fit"},
        {url("https://Hooks.example.org/" + token), "url: is not fit"},
        {url("https://[::1]/" + token), "url: is not fit"},
        {url("https:///" + token), "url: is not fit"},
        {url("https://hooks.example.org:0/" + token), "url: is not fit"},
        {url("https://hooks.example.org/a b" + token), "url: is not fit"},
        {url("https://hooks.example.org/\\n" + token), "url: is not fit"},
        {url("https://hooks.example.org/\\u00e9" + token), "url: is not fit"},
        {url("https://hooks.example.org/" + token + std::string(2048, 'x')), "url: is not fit"},
        {url(token), "url: is not fit"},
        {"url = [\"https://hooks.example.org/" + token + "\"]", "url: expected a text"},
        {"url = https://hooks.example.org/" + token, "not valid TOML"},
        {"url = \"https://hooks.example.org/" + token, "not valid TOML"},
        {"url = 'https://hooks.example.org/" + token + "' '", "not valid TOML"},
        {good_url + good_url, "not valid TOML"},
        {"\"https://hooks.example.org/" + token + "\" = \"json\"", "webhooks: unknown key"},
        {good_url + "format = \"https://hooks.example.org/" + token + "\"",
         "format: is not known, expected \"teams\", \"slack\" or \"json\""},
        {good_url + "format = \"json\"\nevents = [\"https://x/" + token + "\"]",
         "events: not an event's name"},
        {good_url + "format = \"json\"\nevents = [\"aproved\"]", "did you mean \"approved\"?"},
        {good_url + "format = \"json\"\nevents = [\"cheered\"]", "\"cheered\" is not known"},
        {good_url + "format = \"json\"\nevents = []", "events: is empty"},
        {good_url + "format = \"json\"\ncodes = 1", "codes: expected true or false"},
        {good_url + "format = \"slack\"\nhmac_key = \"k\"", "hmac_key: only json is signed"},
        {good_url + "format = \"json\"\nhmac_key = \"" + token + "/../x\"",
         "hmac_key: is no name of a systemd credential"},
        {good_url + "format = \"json\"\nhmac_key = \"\"", "hmac_key: is no name"},
        {good_url + "format = \"json\"\nhmackey = \"k\"", "did you mean \"hmac_key\"?"},
    };
    for (const Bad &bad : table) {
        const ParsedConfig parsed = parse_webhook(bad.lines);
        const std::string said = all_of(parsed.diagnostics);
        if (parsed.config || !holds(said, bad.words) || holds(said, secret))
            std::printf("wanted: %s\nsaid: %s\ntext: %s\n", std::string{bad.words}.c_str(),
                        said.c_str(), bad.lines.substr(0, 200).c_str());
        assert_false(parsed.config.has_value());
        assert_true(holds(said, bad.words));
        assert_false(holds(said, secret));
    }
}

void webhooks_are_a_list_of_at_most_sixteen_and_none_twice(void **)
{
    const auto many = [](int count) {
        std::string text;
        for (int i = 0; i < count; ++i)
            text += "[[notify.webhooks]]\nurl = \"https://h" + std::to_string(i) +
                    ".example.org/\"\nformat = \"json\"\n";
        return text;
    };
    assert_int_equal(parse_notify(many(16)).config->webhooks.size(), 16);
    assert_true(holds(all_of(parse_notify(many(17)).diagnostics), "webhooks: more than 16"));
    const std::string one = "[[notify.webhooks]]\n" + good_url + "format = \"json\"\n";
    const ParsedConfig twice = parse_notify(one + one + "events = [\"granted\"]\n");
    assert_false(twice.config.has_value());
    assert_true(holds(all_of(twice.diagnostics), "the same url and format stand above"));
    assert_false(holds(all_of(twice.diagnostics), secret));
    const ParsedConfig other =
        parse_notify(one + "[[notify.webhooks]]\n" + good_url + "format = \"slack\"\n");
    assert_int_equal(other.config->webhooks.size(), 2);
    for (const char *text : {"[notify]\nwebhooks = {}\n", "[notify]\nwebhooks = \"x\"\n",
                             "[notify.webhooks]\nurl = \"x\"\n"})
        assert_true(holds(all_of(parse_notify(text).diagnostics), "expected a list of tables"));
    assert_true(holds(all_of(parse_notify("[notify]\nwebhooks = [\"x\"]\n").diagnostics),
                      "webhooks: expected a table, found a text"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_has_the_five_events_unless_it_names_some),
        cmocka_unit_test(a_webhook_that_is_not_fit_is_said_with_its_place_and_without_its_address),
        cmocka_unit_test(webhooks_are_a_list_of_at_most_sixteen_and_none_twice),
    };
    return cmocka_run_group_tests_name("policy/config_notify", tests, nullptr, nullptr);
}
