#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view tenant_id = "6f1c0000-0000-4000-8000-000000000000";
constexpr std::string_view client_id = "c11e0000-0000-4000-8000-000000000000";

// [identity] of Entra with more lines, then more sections.
std::string entra(std::string_view lines, std::string_view sections = "")
{
    return "[identity]\ntenant = \"" + std::string{tenant_id} + "\"\nclient_id = \"" +
           std::string{client_id} + "\"\n" + std::string{lines} + "\n" + std::string{sections};
}

std::string with_issuer(std::string_view issuer, std::string_view lines = "")
{
    return "[identity]\nissuer = \"" + std::string{issuer} + "\"\nclient_id = \"jit\"\n" +
           std::string{lines};
}

struct Bad {
    std::string text;
    std::string_view words;
};

void check_bad(std::initializer_list<Bad> table)
{
    for (const Bad &bad : table) {
        const ParsedConfig parsed = parse_conf(bad.text);
        const std::string said = all_of(parsed.diagnostics);
        if (parsed.config || !has_error(parsed.diagnostics) || !holds(said, bad.words))
            std::printf("wanted: %s\nsaid: %s\ntext: %s\n", std::string{bad.words}.c_str(),
                        said.c_str(), bad.text.substr(0, 400).c_str());
        assert_false(parsed.config.has_value());
        assert_true(has_error(parsed.diagnostics));
        assert_true(holds(said, bad.words));
    }
}

Config good_config(const std::string &text)
{
    ParsedConfig parsed = parse_conf(text);
    if (!parsed.config)
        std::printf("%s", all_of(parsed.diagnostics).c_str());
    assert_true(parsed.config.has_value());
    return parsed.config ? *parsed.config : Config{};
}

void config_reads_the_file_of_the_readme_without_a_word(void **)
{
    const ParsedConfig parsed = parse_conf(readme_config);
    assert_text(all_of(parsed.diagnostics), "");
    assert_true(parsed.config.has_value());
    const Config &config = *parsed.config;
    assert_true(config.is_entra);
    assert_text(config.tenant, tenant_id);
    assert_text(config.client_id, client_id);
    assert_text(config.issuer, "https://login.microsoftonline.com/6f1c0000-0000-4000-8000-"
                               "000000000000/v2.0");
    assert_text(config.discovery_url, config.issuer + "/.well-known/openid-configuration");
    assert_text(config.person_of("alice"), alice_id); // lower case
    assert_text(config.person_of("bob"), "");
    assert_text(config.person_of(""), "");
    assert_int_equal(config.scopes.size(), 2);
    assert_true(config.skew == 120s);
    assert_true(config.timeout == 10s);
    assert_true(config.backend == Config::Backend::automatic);
    assert_false(config.observe);
    assert_int_equal(config.strict_services.size(), 2);
    assert_true(config.exempt.empty());
    assert_false(config.audit_arguments);
    assert_text(config.host_name, "");
    assert_text(config.proxy, "");
}

void config_reads_every_key_that_it_supports(void **)
{
    const Config config = good_config(entra(R"(cloud = "public"
scopes = ["openid", "https://graph.microsoft.com/User.Read"]
ca_file = "/etc/jit/ca.pem"
proxy = "http://proxy:3128"
skew = "300s"
timeout = "1m"
credential = "none"
)",
                                            R"(
[users]
match = "map"
[users.map]
alice = "a11ce000-0000-4000-8000-000000000001"
"bob.b" = "b0b00000-0000-4000-8000-000000000002"
[host]
name = "web01.example.org"
tags = ["prod", "web"]
[grants]
backend = "userdb"
[pam]
mode = "observe"
strict_services = []
exempt = ["sudo:ansible", "su-l:backup-op"]
unproven_start = true
[audit]
arguments = true
[notify]
)"));
    assert_int_equal(config.scopes.size(), 2);
    assert_text(config.ca_file, "/etc/jit/ca.pem");
    assert_text(config.proxy, "http://proxy:3128");
    assert_true(config.skew == 300s);
    assert_true(config.timeout == 60s);
    assert_int_equal(config.users.size(), 2);
    assert_text(config.host_name, "web01.example.org");
    assert_int_equal(config.host_tags.size(), 2);
    assert_true(config.backend == Config::Backend::userdb);
    assert_true(config.observe);
    assert_true(config.unproven_start);
    assert_true(config.strict_services.empty());
    assert_int_equal(config.exempt.size(), 2);
    assert_text(config.exempt[1].service, "su-l");
    assert_text(config.exempt[1].account, "backup-op");
    assert_true(config.audit_arguments);
}

void config_knows_the_hosts_of_each_cloud(void **)
{
    struct Row {
        const char *cloud, *authority;
        std::vector<std::string> hosts;
    };
    for (const Row &row : std::initializer_list<Row>{
             {"public",
              "login.microsoftonline.com",
              {"login.microsoft.com", "microsoft.com", "www.microsoft.com"}},
             {"usgov", "login.microsoftonline.us", {"microsoft.com"}},
             {"china", "login.partner.microsoftonline.cn", {"login.partner.microsoftonline.cn"}}}) {
        const Config config = good_config(entra("cloud = \"" + std::string{row.cloud} + "\""));
        assert_text(config.authority_host, row.authority);
        assert_text(config.issuer, "https://" + std::string{row.authority} + "/" +
                                       std::string{tenant_id} + "/v2.0");
        assert_true(config.verification_hosts == row.hosts);
    }
    check_bad({{entra("cloud = \"germany\""), "\"germany\" is not known"}});
}

void config_takes_an_issuer_as_it_is_written(void **)
{
    const Config plain = good_config(with_issuer("https://id.example.org"));
    assert_false(plain.is_entra);
    assert_text(plain.tenant, "");
    assert_text(plain.issuer, "https://id.example.org");
    assert_text(plain.authority_host, "id.example.org");
    assert_text(plain.discovery_url, "https://id.example.org/.well-known/openid-configuration");
    assert_int_equal(plain.verification_hosts.size(), 1);

    const Config more = good_config(with_issuer("https://id.example.org:8443/realms/Ops/"));
    assert_text(more.issuer, "https://id.example.org:8443/realms/Ops/");
    assert_text(more.authority_host, "id.example.org:8443");
    assert_text(more.discovery_url,
                "https://id.example.org:8443/realms/Ops/.well-known/openid-configuration");
    assert_text(more.verification_hosts[0], "id.example.org");
    assert_text(more.verification_hosts[1], "id.example.org:8443");
}

void config_refuses_issuers_that_hide_something(void **)
{
    for (const char *issuer : {"",
                               "id.example.org",
                               "http://id.example.org",
                               "https://",
                               "https:///x",
                               "https://a@id.example.org",
                               "https://id.example.org?x",
                               "https://id.example.org/#f",
                               "https://id.example.org:0",
                               "https://id.example.org:65536",
                               "https://id.example.org:",
                               "https://id.example.org:08443",
                               "https://ID.example.org",
                               "https://id..org",
                               "https://id.example.org.",
                               "https://.org",
                               "https://id.example.org/a//b",
                               "https://id.example.org/../x",
                               "https://id.example.org/a b",
                               "https://[::1]",
                               "https://id.example.org\\\\@evil",
                               "https://id.example.org/\\u0000",
                               "HTTPS://a.b"})
        check_bad({{with_issuer(issuer), "issuer: "}});
}

void config_wants_a_tenant_or_an_issuer_and_not_both(void **)
{
    check_bad({
        {"", "[identity] is missing"},
        {"identity = 1\n", "identity: expected a table, found a number"},
        {"[identity]\nclient_id = \"" + std::string{client_id} + "\"\n", "tenant is missing"},
        {"[identity]\ntenant = \"" + std::string{tenant_id} + "\"\n", "client_id is missing"},
        {entra("issuer = \"https://id.example.org\""), "issuer: excludes tenant"},
        {entra("tenant = 1"), "is defined twice"},
    });
}

void config_refuses_tenants_and_clients_that_are_no_ids(void **)
{
    for (const char *name : {"common", "organizations", "consumers", "contoso.onmicrosoft.com", ""})
        check_bad({{"[identity]\ntenant = \"" + std::string{name} + "\"\nclient_id = \"" +
                        std::string{client_id} + "\"\n",
                    "let every tenant in"}});
    check_bad({
        {"[identity]\ntenant = \"" + std::string{tenant_id} + "\"\nclient_id = \"my app\"\n",
         "is no application id, expected a GUID"},
        {"[identity]\nissuer = \"https://a.b\"\nclient_id = \"my app\"\n", "client_id: "},
        {"[identity]\nissuer = \"https://a.b\"\nclient_id = \"\"\n", "client_id: "},
    });
}

void config_refuses_scopes_that_can_not_be_asked_for(void **)
{
    check_bad({
        {entra("scopes = [\"profile\"]"), "\"openid\" is missing"},
        {entra("scopes = []"), "\"openid\" is missing"},
        {entra("scopes = [\"openid\", \"offline_access\"]"), "refresh token"},
        {entra("scopes = [\"openid profile\"]"), "is no scope"},
        {entra("scopes = [\"openid\", \"\"]"), "is no scope"},
        {entra("scopes = [\"openid\", \"a\\\"b\"]"), "is no scope"},
        {entra("scopes = \"openid\""), "expected a list of texts"},
    });
}

void config_refuses_transport_out_of_range(void **)
{
    check_bad({
        {entra("skew = \"301s\""), "skew: 5m1s, expected 0s to 5m"},
        {entra("skew = 120"), "skew: expected a duration"},
        {entra("timeout = \"0s\""), "timeout: 0s, expected 1s to 1m"},
        {entra("timeout = \"61s\""), "timeout: 1m1s, expected"},
        {entra("ca_file = \"ca.pem\""), "expected an absolute path"},
        {entra("ca_file = \"\""), "expected an absolute path"},
        {entra("ca_file = \"/a\\u0000b\""), "expected an absolute path"},
        {entra("proxy = \"proxy:3128\""), "proxy: "},
        {entra("proxy = \"socks5://proxy:1080\""), "proxy: "},
        {entra("proxy = \"http://me:secret@proxy:3128\""), "proxy: "},
        {entra("proxy = \"http://proxy:3128/x\""), "proxy: "},
    });
    assert_true(good_config(entra("skew = \"0s\"")).skew == 0s);
    assert_text(good_config(entra("proxy = \"https://proxy/\"")).proxy, "https://proxy");
}

void config_reads_who_signs_in_to_approve(void **)
{
    assert_text(good_config(entra("")).approver_client_id, "");
    assert_text(good_config(entra("approver_client_id = \"C11E0000-0000-4000-8000-000000000001\""))
                    .approver_client_id,
                "c11e0000-0000-4000-8000-000000000001");
    assert_text(
        good_config(with_issuer("https://a.b", "approver_client_id = \"JIT\"")).approver_client_id,
        "JIT");
    constexpr std::string_view again = "approver_client_id: is client_id again";
    check_bad({
        {entra("approver_client_id = \"c11e0000-0000-4000-8000-000000000000\""), again},
        {entra("approver_client_id = \"C11E0000-0000-4000-8000-000000000000\""), again},
        {with_issuer("https://a.b", "approver_client_id = \"jit\""), again},
        {entra("approver_client_id = \"approvals\""),
         "approver_client_id: \"approvals\" is no application id, expected a GUID"},
        {entra("approver_client_id = \"\""), "is no application id"},
        {with_issuer("https://a.b", "approver_client_id = \"\""), "is not fit"},
        {entra("approver_client_id = 1"), "approver_client_id: expected a text, found a number"},
    });
}

void config_reads_the_credential_of_the_host(void **)
{
    using Credential = Config::Credential;
    const std::pair<const char *, Credential> kinds[] = {
        {"none", Credential::none}, {"imds", Credential::imds}, {"arc", Credential::arc}};
    for (const auto &[word, kind] : kinds)
        assert_true(good_config(entra("credential = \"" + std::string{word} + "\"")).credential ==
                    kind);
    assert_true(good_config(entra("")).credential == Credential::none);
    const auto with = [](std::string_view certificate, std::string_view key) {
        return entra("credential = \"certificate\"\ncertificate = \"" + std::string{certificate} +
                     "\"\nkey = \"" + std::string{key} + "\"");
    };
    for (const std::string key : {"/etc/jit/host.key", "host-key", "host.key", "_k1", "1"}) {
        const Config config = good_config(with("/etc/jit/host.pem", key));
        assert_true(config.credential == Credential::certificate);
        assert_text(config.certificate, "/etc/jit/host.pem");
        assert_text(config.key, key);
    }
    for (const std::string key : {"", ".", "..", "a/b", "../key", "a b", "a@b", "k\\u0007"})
        check_bad({{with("/etc/jit/host.pem", key), "key: "}});
    check_bad({{with("/etc/jit/host.pem", std::string(256, 'k')), "key: "},
               {with("/etc/jit/host.pem", "/" + std::string(4096, 'k')), "key: "}});
    for (const char *path : {"", "host.pem", "./host.pem", "/a\\u0007b"})
        check_bad({{with(path, "host-key"), "certificate: "}});
}

void config_refuses_half_a_credential_and_what_belongs_to_none(void **)
{
    constexpr std::string_view pem = "certificate = \"/etc/jit/host.pem\"\n";
    constexpr std::string_view key = "key = \"host-key\"\n";
    constexpr std::string_view by_certificate = "credential = \"certificate\"\n";
    const auto join = [](std::string_view a, std::string_view b) {
        return entra(std::string{a} + std::string{b});
    };
    check_bad({
        {join(by_certificate, pem), "[identity]: key is missing"},
        {join(by_certificate, key), "[identity]: certificate is missing"},
        {join("credential = \"imds\"\n", pem), "certificate: has no meaning without credential"},
        {join("credential = \"arc\"\n", key), "key: has no meaning without credential"},
        {join("credential = \"none\"\n", key), "key: has no meaning without credential"},
        {join("", pem), "certificate: has no meaning without credential"},
        {entra("credential = \"password\""),
         "\"password\" is not known, expected \"none\", \"certificate\", \"imds\" or \"arc\""},
        {entra("credential = true"), "credential: expected a text"},
        {with_issuer("https://a.b", "credential = \"imds\""),
         "credential: \"imds\" is for Entra alone, expected \"none\" with issuer"},
    });
    assert_true(good_config(with_issuer("https://a.b", "credential = \"none\"")).credential ==
                Config::Credential::none);
    // The fault is that of the kind, and not that of what would belong to it.
    assert_text(all_of(parse_conf(entra("credential = \"certificat\"\n" + std::string{pem} +
                                        std::string{key}))
                           .diagnostics),
                "/etc/jit/jitd.toml:4:14: credential: \"certificat\" is not known, expected "
                "\"none\", \"certificate\", \"imds\" or \"arc\"\n");
}

void config_knows_three_ways_to_make_a_membership(void **)
{
    const std::pair<const char *, Config::Backend> ways[] = {
        {"auto", Config::Backend::automatic},
        {"userdb", Config::Backend::userdb},
        {"etc-group", Config::Backend::etc_group}};
    for (const auto &[word, backend] : ways)
        assert_true(
            good_config(entra("", std::string{"[grants]\nbackend = \""} + word + "\"")).backend ==
            backend);
    check_bad({{entra("", "[grants]\nbackend = \"gpasswd\""), "gpasswd"}});
}

void config_matches_by_upn_with_a_domain(void **)
{
    const ParsedConfig parsed = parse_conf(entra("", "[users]\nmatch = \"upn\"\n"
                                                     "domain = \"Contoso.COM\"\n"));
    assert_text(all_of(parsed.diagnostics), ""); // nobody in the map is no fault here
    assert_true(parsed.config.has_value());
    assert_true(parsed.config->match == Config::Match::upn);
    assert_true(parsed.config->pin == Config::Pin::first);
    assert_text(parsed.config->domain, "contoso.com");

    const Config root = good_config(entra("", "[users]\nmatch = \"upn\"\npin = \"root\"\n"
                                              "domain = \"eu.contoso-1.co.uk\""));
    assert_true(root.pin == Config::Pin::root);
    const Config first = good_config(entra("", "[users]\nmatch = \"upn\"\npin = \"first\"\n"
                                               "domain = \"contoso.com\""));
    assert_true(first.pin == Config::Pin::first);
    const Config map = good_config(entra("", "[users]\nmatch = \"map\""));
    assert_true(map.match == Config::Match::map);
    assert_text(map.domain, "");
}

void a_user_in_the_map_has_no_upn_and_all_others_have(void **)
{
    const Config config =
        good_config(entra("", "[users]\nmatch = \"upn\"\ndomain = \"contoso.com\"\n"
                              "map = { bob = \"b0b00000-0000-4000-8000-000000000002\" }"));
    assert_text(config.upn_of("alice"), "alice@contoso.com");
    assert_text(config.upn_of("Alice.Smith"), "alice.smith@contoso.com");
    assert_text(config.upn_of("_a-1"), "_a-1@contoso.com");
    assert_text(config.upn_of("bob"), "");
    assert_text(config.person_of("bob"), "b0b00000-0000-4000-8000-000000000002");
    assert_text(config.person_of("alice"), "");
}

void a_name_that_cannot_begin_a_upn_has_none(void **)
{
    const Config config =
        good_config(entra("", "[users]\nmatch = \"upn\"\ndomain = \"contoso.com\""));
    for (const std::string &user :
         {std::string{}, std::string{"alice@contoso.com"}, std::string{"alice@fabrikam.com"},
          std::string{"a@"}, std::string{"alice."}, std::string{"a b"}, std::string{"a\0b", 3},
          std::string{"al\xc3\xad"
                      "ce"},
          std::string{"a#EXT#"}, std::string{".a"}, std::string{"1a"}, std::string{"a\n"},
          std::string(65, 'a')})
        assert_text(config.upn_of(user), "");
    assert_text(config.upn_of(std::string(64, 'a')), std::string(64, 'a') + "@contoso.com");
    assert_text(good_config(entra("")).upn_of("alice"), ""); // match = "map"
}

void config_refuses_a_upn_that_could_be_anybodys(void **)
{
    check_bad({
        {entra("", "[users]\nmatch = \"upn\""),
         "jitd.toml:5:1: [users]: domain is missing, expected"},
        {entra("", "[users]\nmatch = \"upn\"\npin = \"root\""), "domain is missing"},
        {entra("", "[users]\nmatch = \"upn\"\ndomain = 1"), "domain: expected a text"},
        {entra("", "[users]\nmatch = \"upn\"\ndomain = \"contoso.com\"\npin = \"none\""),
         "jitd.toml:8:7: pin: \"none\" is not known, expected \"first\" or \"root\""},
        {entra("", "[users]\nmatch = \"UPN\""), "expected \"map\" or \"upn\""},
        {entra("", "[users]\ndomain = \"contoso.com\""),
         "jitd.toml:6:1: domain: has no meaning without match"},
        {entra("", "[users]\nmatch = \"map\"\ndomain = \"contoso.com\""),
         "jitd.toml:7:1: domain: has no meaning without match"},
        {entra("", "[users]\npin = \"first\""), "jitd.toml:6:1: pin: has no meaning without"},
        {entra("", "[users]\nmatch = \"map\"\npin = \"root\""), "pin: has no meaning without"},
        {with_issuer("https://a.b", "[users]\nmatch = \"upn\"\ndomain = \"contoso.com\""),
         "jitd.toml:5:9: match: \"upn\" needs tenant"},
        {with_issuer("https://a.b", "[users]\ndomain = \"contoso.com\""), "domain: has no meaning"},
        {with_issuer("https://a.b", "[users]\npin = \"first\""), "pin: has no meaning"},
    });
    for (const std::string domain :
         {"", "contoso", "@contoso.com", "contoso.com.", ".com", "a..b", "con toso.com",
          "con_toso.com", "-a.com", "a-.com", "a.-b", "127.0.0.1", "contoso.com/", "*.contoso.com",
          "contoso.com\\u0000",
          "b\xc3\xbc"
          "cher.de"})
        check_bad({{entra("", "[users]\nmatch = \"upn\"\ndomain = \"" + domain + "\""),
                    "jitd.toml:7:10: domain: "}});
    check_bad(
        {{entra("", "[users]\nmatch = \"upn\"\ndomain = \"" + std::string(64, 'a') + ".com\""),
          "is no domain"}});
}

void config_names_unknown_keys_in_every_section(void **)
{
    check_bad({
        {entra("", "[user]\n"), "unknown key \"user\", did you mean \"users\"?"},
        {entra("clientid = \"x\""), "did you mean \"client_id\"?"},
        {entra("verify = false"), "[identity]: unknown key \"verify\""},
        {entra("", "[users]\nmaps = {}"), "did you mean \"map\"?"},
        {entra("", "[host]\ntag = []"), "did you mean \"tags\"?"},
        {entra("", "[grants]\nback_end = \"auto\""), "did you mean \"backend\"?"},
        {entra("", "[pam]\nstrict_service = []"), "did you mean \"strict_services\"?"},
        {entra("", "[audit]\nargument = true"), "did you mean \"arguments\"?"},
        {entra("", "[notify]\nwebhook = []"), "did you mean \"webhooks\"?"},
        {entra("", "[pam]\nmode = \"off\""), "expected \"enforce\" or \"observe\""},
    });
}

void config_refuses_people_that_are_no_ids(void **)
{
    check_bad({
        {entra("", "[users.map]\nalice = \"alice@contoso.com\""), "is no object id"},
        {entra("", "[users.map]\nalice = \"\""), "is no object id"},
        {entra("", "[users.map]\nalice = 1"), "map: alice: expected a text, found a number"},
        {entra("", "[users.map]\n\"a b\" = \"x\""), "\"a b\" is no user name"},
        {entra("", "[users.map]\n\"../x\" = \"x\""), "is no user name"},
        {entra("", "[users]\nmap = []"), "map: expected a table, found a list"},
        {with_issuer("https://a.b", "[users.map]\nalice = \"a b\""), "is no subject"},
        {with_issuer("https://a.b", "[users.map]\nalice = \"\""), "is no subject"},
        {with_issuer("https://a.b", "[users.map]\nalice = \"" + std::string(256, 'x') + "\""),
         "is no subject"},
    });
    const Config config =
        good_config(with_issuer("https://a.b", "[users.map]\nalice = \"auth0|AbC\""));
    assert_text(config.person_of("alice"), "auth0|AbC");
}

void config_warns_of_two_users_for_one_person_and_of_nobody(void **)
{
    const ParsedConfig twins =
        parse_conf(entra("", "[users.map]\nzoe = \"a11ce000-0000-4000-8000-000000000001\"\n"
                             "alice = \"A11CE000-0000-4000-8000-000000000001\"\n"));
    assert_true(twins.config.has_value());
    assert_int_equal(twins.config->users.size(), 2);
    assert_text(all_of(twins.diagnostics),
                "/etc/jit/jitd.toml:7:9: warning: map: alice and zoe are "
                "the same person\n");
    const ParsedConfig nobody = parse_conf(entra(""));
    assert_true(nobody.config.has_value());
    assert_text(all_of(nobody.diagnostics),
                "/etc/jit/jitd.toml: warning: [users] map names nobody, so nobody can ask\n");
}

void config_refuses_hosts_and_exemptions_that_are_no_names(void **)
{
    check_bad({
        {entra("", "[host]\nname = \"WEB01\""), "is no host name"},
        {entra("", "[host]\nname = \"\""), "is no host name"},
        {entra("", "[host]\nname = \"a b\""), "is no host name"},
        {entra("", "[host]\nname = \"" + std::string(254, 'a') + "\""), "is no host name"},
        {entra("", "[host]\ntags = [\"a b\"]"), "is no tag"},
        {entra("", "[host]\ntags = [\"\"]"), "is no tag"},
        {entra("", "[pam]\nstrict_services = [\"a/b\"]"), "is no PAM service"},
        {entra("", "[pam]\nexempt = [\"ansible\"]"), "expected SERVICE:ACCOUNT"},
        {entra("", "[pam]\nexempt = [\"sudo:\"]"), "expected SERVICE:ACCOUNT"},
        {entra("", "[pam]\nexempt = [\"sudo:*\"]"), "expected SERVICE:ACCOUNT"},
        {entra("", "[pam]\nexempt = [\"sudo:a:b\"]"), "expected SERVICE:ACCOUNT"},
    });
}

void config_names_every_fault_at_once_with_its_place(void **)
{
    const ParsedConfig parsed = parse_conf("[identity]\n"
                                           "tenant = \"common\"\n"
                                           "client_id = 7\n"
                                           "[pam]\n"
                                           "mode = \"off\"\n");
    assert_false(parsed.config.has_value());
    assert_int_equal(parsed.diagnostics.size(), 3);
    assert_int_equal(parsed.diagnostics[0].line, 2);
    assert_int_equal(parsed.diagnostics[0].column, 10);
    assert_int_equal(parsed.diagnostics[1].line, 3);
    assert_int_equal(parsed.diagnostics[2].line, 5);
    check_bad({{"[identity\n", "jitd.toml:1:"}, {std::string("\0", 1), "jitd.toml:1:1: a NUL"}});
}

void config_caps_the_map(void **)
{
    std::string map = "[users.map]\n";
    for (int i = 0; i < 4097; ++i)
        map += "u" + std::to_string(i) + " = \"a11ce000-0000-4000-8000-000000000001\"\n";
    check_bad({{entra("", map), "more than 4096 users"}});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(config_reads_the_file_of_the_readme_without_a_word),
        cmocka_unit_test(config_reads_every_key_that_it_supports),
        cmocka_unit_test(config_knows_the_hosts_of_each_cloud),
        cmocka_unit_test(config_takes_an_issuer_as_it_is_written),
        cmocka_unit_test(config_refuses_issuers_that_hide_something),
        cmocka_unit_test(config_wants_a_tenant_or_an_issuer_and_not_both),
        cmocka_unit_test(config_refuses_tenants_and_clients_that_are_no_ids),
        cmocka_unit_test(config_refuses_scopes_that_can_not_be_asked_for),
        cmocka_unit_test(config_refuses_transport_out_of_range),
        cmocka_unit_test(config_reads_who_signs_in_to_approve),
        cmocka_unit_test(config_reads_the_credential_of_the_host),
        cmocka_unit_test(config_refuses_half_a_credential_and_what_belongs_to_none),
        cmocka_unit_test(config_knows_three_ways_to_make_a_membership),
        cmocka_unit_test(config_matches_by_upn_with_a_domain),
        cmocka_unit_test(a_user_in_the_map_has_no_upn_and_all_others_have),
        cmocka_unit_test(a_name_that_cannot_begin_a_upn_has_none),
        cmocka_unit_test(config_refuses_a_upn_that_could_be_anybodys),
        cmocka_unit_test(config_names_unknown_keys_in_every_section),
        cmocka_unit_test(config_refuses_people_that_are_no_ids),
        cmocka_unit_test(config_warns_of_two_users_for_one_person_and_of_nobody),
        cmocka_unit_test(config_refuses_hosts_and_exemptions_that_are_no_names),
        cmocka_unit_test(config_names_every_fault_at_once_with_its_place),
        cmocka_unit_test(config_caps_the_map),
    };
    return cmocka_run_group_tests_name("policy/config", tests, nullptr, nullptr);
}
