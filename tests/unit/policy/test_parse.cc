#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

// Each text must be refused, with a diagnostic that holds the words.
struct Bad {
    std::string text;
    std::string_view words;
};

void check_bad(std::initializer_list<Bad> table)
{
    for (const Bad &bad : table) {
        const ParsedPolicy parsed = parse_one(bad.text);
        const std::string said = all_of(parsed.diagnostics);
        if (parsed.policy || !has_error(parsed.diagnostics) || !holds(said, bad.words))
            std::printf("wanted: %s\nsaid: %s\ntext: %s\n", std::string{bad.words}.c_str(),
                        said.c_str(), bad.text.substr(0, 400).c_str());
        assert_false(parsed.policy.has_value());
        assert_true(has_error(parsed.diagnostics));
        assert_true(holds(said, bad.words));
    }
}

Role good_role(std::string_view lines)
{
    const ParsedPolicy parsed = parse_one(role_with(lines));
    if (!parsed.policy)
        std::printf("%s", all_of(parsed.diagnostics).c_str());
    assert_true(parsed.policy.has_value());
    return parsed.policy ? parsed.policy->roles[0] : Role{};
}

void parse_reads_the_policy_of_the_readme(void **)
{
    const ParsedPolicy parsed = parse_one(readme_policy);
    assert_text(all_of(parsed.diagnostics), "");
    assert_true(parsed.policy.has_value());
    const Role *role = parsed.policy->find("web");
    assert_non_null(role);
    assert_text(role->description, "restart the web server");
    assert_int_equal(role->groups.size(), 1);
    assert_text(role->groups[0], "jit-web");
    assert_int_equal(role->requesters.size(), 1);
    assert_true(role->requesters[0].kind == Requester::Kind::group);
    assert_text(role->requesters[0].value, group_id);
    assert_int_equal(role->accounts.size(), 1);
    assert_text(role->accounts[0].glob, "*");
    assert_true(role->hosts.empty());
    assert_true(role->max_duration == 1h);
    assert_true(role->default_duration == 30min);
    assert_true(role->approval.timeout == 15min);
    assert_false(role->allow_system_accounts);
    assert_false(role->carry);
    assert_null(parsed.policy->find("db"));
}

void parse_reads_every_key_that_it_supports(void **)
{
    const Role role = good_role(R"(description = "psql as postgres"
groups = ["jit-dba", "jit-psql"]
requesters = ["group:3D0C5E5A-1111-4222-8333-444455556666", "approle:Elevate.Dba", "user:a11ce000-0000-4000-8000-000000000001", "local-group:engineers"]
services = ["sudo", "su-l"]
accounts = ["*", "!ansible"]
shared = false
reuse = "none"
hosts = ["db*", "tag:prod"]
default_duration = "10m"
max_duration = "8h"
carry = true
allow_root_equivalent = false
allow_system_accounts = true
[role.web.approval]
mode = "self"
timeout = "1h"
)");
    assert_int_equal(role.requesters.size(), 4);
    assert_text(role.requesters[0].value, group_id); // lower case
    assert_true(role.requesters[1].kind == Requester::Kind::app_role);
    assert_text(role.requesters[1].value, "Elevate.Dba");
    assert_true(role.requesters[2].kind == Requester::Kind::user);
    assert_true(role.requesters[3].kind == Requester::Kind::local_group);
    assert_true(role.accounts[1].negated);
    assert_text(role.accounts[1].glob, "ansible");
    assert_false(role.hosts[0].is_tag);
    assert_true(role.hosts[1].is_tag);
    assert_text(role.hosts[1].text, "prod");
    assert_true(role.default_duration == 10min);
    assert_true(role.max_duration == 8h);
    assert_true(role.approval.timeout == 1h);
    assert_true(role.carry);
    assert_true(role.allow_system_accounts);
}

void parse_lets_only_a_role_of_su_carry_its_groups_on(void **)
{
    for (const char *services : {"[\"su\"]", "[\"sudo\", \"su-l\"]"})
        assert_true(good_role("carry = true\nservices = " + std::string{services}).carry);
    constexpr std::string_view wants = "a.toml:2:9: carry: expected su or su-l among services";
    for (const char *services : {"services = [\"sudo\"]", "services = [\"login\", \"sshd\"]"})
        check_bad({{role_with("carry = true\n" + std::string{services}), wants}});
    check_bad({{"[role.web]\ncarry = true\ngroups = [\"jit-web\"]\nmax_duration = \"1h\"\n"
                "requesters = [\"local-group:engineers\"]\n",
                wants}});
    check_bad({{role_with("services = [\"su\"]\ncarry = 1"), "carry: expected true or false"}});
    assert_false(good_role("services = [\"su\"]").carry);
    assert_false(good_role("services = [\"sudo\"]\ncarry = false").carry);
}

void parse_sorts_roles_by_name_over_all_files(void **)
{
    const std::vector<SourceFile> files{
        {"1.toml", role_with("services = [\"su\"]", "zeta")},
        {"2.toml", role_with("", "alpha")},
    };
    const ParsedPolicy parsed = parse_policy(files);
    assert_true(parsed.policy.has_value());
    assert_text(parsed.policy->roles[0].name, "alpha");
    assert_text(parsed.policy->roles[1].name, "zeta");
}

void parse_names_every_fault_at_once_with_its_place(void **)
{
    const ParsedPolicy parsed = parse_one("[role.web]\n"
                                          "group = [\"jit-web\"]\n"
                                          "requesters = [\"Database Admins\"]\n"
                                          "services = [\"sudo\", \"cron\"]\n"
                                          "max_duration = 60\n");
    const std::string said = all_of(parsed.diagnostics);
    assert_text(said,
                "/etc/jit/policy.d/a.toml:1:1: [role.web]: groups is missing, expected the local "
                "groups it grants, such as groups = [\"jit-web\"]\n"
                "/etc/jit/policy.d/a.toml:2:1: [role.web]: unknown key \"group\", did you mean "
                "\"groups\"?\n"
                "/etc/jit/policy.d/a.toml:3:15: requesters: \"Database Admins\": expected an "
                "object id with its kind, such as \"group:3d0c5e5a-0000-4000-8000-000000000000\"\n"
                "/etc/jit/policy.d/a.toml:4:21: services: \"cron\" is not supported by this "
                "version, expected sudo, sudo-i, su, su-l, sshd, login or polkit-1\n"
                "/etc/jit/policy.d/a.toml:5:16: max_duration: expected a duration such as "
                "\"1h30m\", found a number\n");
}

void parse_goes_on_with_other_files_after_a_syntax_error(void **)
{
    const std::vector<SourceFile> files{
        {"a.toml", "[role.web\n"},
        {"b.toml", role_with("max_duration = \"25h\"", "db")},
        {"c.toml", "x = 1\nx = 2\n"},
    };
    const ParsedPolicy parsed = parse_policy(files);
    assert_false(parsed.policy.has_value());
    assert_int_equal(parsed.diagnostics.size(), 3);
    assert_text(parsed.diagnostics[0].file, "a.toml");
    assert_int_equal(parsed.diagnostics[0].line, 1);
    assert_true(parsed.diagnostics[0].column > 0);
    assert_true(holds(parsed.diagnostics[0].text, "not valid TOML"));
    assert_text(parsed.diagnostics[1].file, "b.toml");
    assert_true(holds(parsed.diagnostics[1].text, "expected 1s to 1d"));
    assert_text(parsed.diagnostics[2].file, "c.toml");
    assert_int_equal(parsed.diagnostics[2].line, 2);
}

void parse_refuses_a_policy_without_a_role(void **)
{
    check_bad({{"", "no role is defined"},
               {"# nothing\n", "no role is defined"},
               {"[role]\n", "no role is defined"}});
    const ParsedPolicy none = parse_policy({});
    assert_false(none.policy.has_value());
    assert_text(all_of(none.diagnostics),
                "no role is defined, expected at least one [role.NAME]\n");
}

void parse_refuses_a_role_that_lacks_what_it_needs(void **)
{
    check_bad({
        {"[role.a]\ngroups=['g']\nrequesters=['local-group:x']\nservices=['sudo']\n",
         "max_duration is missing"},
        {"[role.a]\ngroups=['g']\nmax_duration='1h'\nservices=['sudo']\n", "requesters is missing"},
        {role_with("groups = []"), "groups: expected at least one"},
        {role_with("requesters = []"), "nobody could ask"},
        {role_with("services = []"), "services: the list is empty"},
        {role_with("hosts = []"), "hosts: the list is empty"},
        {role_with("accounts = []"), "accounts: nothing would match"},
        {role_with("accounts = [\"!root\"]"), "accounts: nothing would match"},
        {role_with("accounts = [\"bob\", \"!b*\"]"), "accounts: nothing would match"},
        {role_with("accounts = [\"*\", \"!*\"]"), "accounts: nothing would match"},
        {role_with("accounts = [\"a*\", \"b?\", \"!b*\", \"!a*\"]"), "nothing would match"},
    });
}

void parse_refuses_durations_out_of_range(void **)
{
    check_bad({
        {role_with("max_duration = \"0s\""), "0s, expected 1s to 1d"},
        {role_with("max_duration = \"24h1s\""), "expected 1s to 1d"},
        {role_with("max_duration = \"1 h\""), "is no duration"},
        {role_with("max_duration = \"-1h\""), "is no duration"},
        {role_with("max_duration = \"\""), "is no duration"},
        {role_with("max_duration = \"99999999999h\""), "is no duration"},
        {role_with("default_duration = \"0s\""), "default_duration: 0s, expected"},
        {role_with("default_duration = \"61m\""), "is more than max_duration, 1h"},
        {role_with("[role.web.approval]\ntimeout = \"29s\""), "expected 30s to 1h"},
        {role_with("[role.web.approval]\ntimeout = \"61m\""), "expected 30s to 1h"},
    });
}

void parse_takes_the_smaller_of_30m_and_max_as_default(void **)
{
    assert_true(good_role("max_duration = \"10m\"").default_duration == 10min);
    assert_true(good_role("max_duration = \"24h\"").default_duration == 30min);
    assert_true(good_role("default_duration = \"1h\"").default_duration == 1h);
}

void parse_warns_of_more_than_a_working_day_and_of_no_services(void **)
{
    const ParsedPolicy lengthy = parse_one(role_with("max_duration = \"8h1s\""));
    assert_true(lengthy.policy.has_value());
    assert_int_equal(lengthy.diagnostics.size(), 1);
    assert_true(holds(format_diagnostic(lengthy.diagnostics[0]), "warning: max_duration: 8h1s"));

    const ParsedPolicy silent = parse_one("[role.web]\ngroups = [\"g\"]\nmax_duration = \"8h\"\n"
                                          "requesters = [\"local-group:x\"]\n");
    assert_true(silent.policy.has_value());
    assert_true(silent.policy->roles[0].services.empty());
    assert_true(holds(all_of(silent.diagnostics), "warning: [role.web]: no services"));
}

void parse_refuses_root_equivalent_groups_unless_the_role_allows_them(void **)
{
    for (const char *name : {"root",
                             "sudo",
                             "wheel",
                             "admin",
                             "adm",
                             "bin",
                             "daemon",
                             "sys",
                             "disk",
                             "shadow",
                             "kmem",
                             "mem",
                             "tty",
                             "utmp",
                             "staff",
                             "operator",
                             "backup",
                             "crontab",
                             "docker",
                             "podman",
                             "lxd",
                             "lxc",
                             "incus",
                             "incus-admin",
                             "libvirt",
                             "libvirt-qemu",
                             "kvm",
                             "systemd-journal",
                             "systemd-network",
                             "systemd-resolve",
                             "polkitd",
                             "messagebus",
                             "ssl-cert",
                             "netdev",
                             "jit"})
        check_bad({{role_with("groups = [\"jit-web\", \"" + std::string{name} + "\"]"),
                    "is as good as root"}});
    check_bad({{role_with("allow_root_equivalent = false\ngroups = [\"docker\"]"),
                "is as good as root, expected a group made for this role, or "
                "allow_root_equivalent = true"}});
    assert_text(good_role("groups = [\"jit-sudo\"]").groups[0], "jit-sudo");
}

void parse_refuses_names_that_could_reach_a_path(void **)
{
    for (const char *name : {"", "..", "a/b", "a:b", "a b", "-a", "1a", "a\\nb", "a\\u0000b"})
        check_bad({{role_with("groups = [\"" + std::string{name} + "\"]"), "is no group name"}});
    for (const char *name : {"\"\"", "\"..\"", "\"a/b\"", "\"a b\"", "\"a\\nb\"", "1"})
        check_bad({{"[role." + std::string{name} + "]\n", "is no role name"}});
    check_bad({{role_with("groups = [\"" + std::string(65, 'a') + "\"]"), "is no group name"}});
}

void parse_refuses_requesters_that_are_no_ids(void **)
{
    check_bad({
        {role_with("requesters = [\"Database Admins\"]"), "expected an object id"},
        {role_with("requesters = [\"group:Database Admins\"]"), "expected an object id"},
        {role_with("requesters = [\"user:alice@contoso.com\"]"),
         "such as \"user:3d0c5e5a-0000-4000-8000-000000000000\", since a user principal name"},
        {role_with("requesters = [\"engineers\"]"),
         ", or \"local-group:engineers\" for a group of"},
        {role_with("requesters = [\"group:3d0c5e5a-1111-4222-8333-44445555666\"]"), "object id"},
        {role_with("requesters = [\"group: 3d0c5e5a-1111-4222-8333-444455556666\"]"), "object id"},
        {role_with("requesters = [\"groups:3d0c5e5a-1111-4222-8333-444455556666\"]"),
         "did you mean \"group\"?"},
        {role_with("requesters = [\"role:x\"]"),
         "expected user:, group:, approle: or local-group:"},
        {role_with("requesters = [\"approle:\"]"), "application role"},
        {role_with("requesters = [\"approle:a b\"]"), "application role"},
        {role_with("requesters = [\"local-group:a b\"]"), "local group's name"},
        {role_with("requesters = [\":\"]"), "expected user:, group:"},
        {role_with("requesters = [\"\"]"), "expected an object id"},
    });
}

void parse_takes_any_printable_id_of_another_issuer(void **)
{
    const std::string text = role_with("requesters = [\"user:auth0|Abc~1\", \"group:Eng:1\"]");
    assert_false(parse_one(text).policy.has_value());
    const ParsedPolicy parsed = parse_one(text, false);
    assert_true(parsed.policy.has_value());
    assert_text(parsed.policy->roles[0].requesters[0].value, "auth0|Abc~1");
    assert_text(parsed.policy->roles[0].requesters[1].value, "Eng:1");
    for (const char *bad : {"user:", "user:a b", "user:\\u00e9", "user:a\\n"})
        assert_false(parse_one(role_with("requesters = [\"" + std::string{bad} + "\"]"), false)
                         .policy.has_value());
    const std::string most = "requesters = [\"user:" + std::string(128, 'x') + "\"]";
    assert_true(parse_one(role_with(most), false).policy.has_value());
    const std::string more = "requesters = [\"user:" + std::string(129, 'x') + "\"]";
    assert_false(parse_one(role_with(more), false).policy.has_value());
}

void parse_refuses_what_this_version_does_not_enforce(void **)
{
    constexpr std::string_view later = "supported by this version";
    for (const char *line : {"services = [\"sshd-x\"]", "services = [\"gdm\"]",
                             "services = [\"sudo\", \"cron\"]", "services = [\"\"]"})
        check_bad({{role_with(line), later}});
}

void parse_reads_hours_and_their_zone(void **)
{
    const Role role = good_role("[role.web.conditions]\n"
                                "hours = [\"Mon..Fri 08:00-18:00\", \"Sat 22:00-06:00\"]\n"
                                "timezone = \"Europe/Berlin\"");
    assert_int_equal(role.conditions.hours.size(), 2);
    assert_true(role.conditions.hours[1].end == std::chrono::hours{30});
    assert_text(role.conditions.zone->name, "Europe/Berlin");
    // The same on every host, whatever its own zone is.
    assert_text(good_role("[role.web.conditions]\nhours = [\"00:00-24:00\"]").conditions.zone->name,
                "UTC");
    assert_true(good_role("").conditions.hours.empty());
    const auto conditions = [](const std::string &line) {
        return role_with("[role.web.conditions]\n" + line);
    };
    check_bad({{conditions("hours = []"), "the role would never be open"},
               {conditions("hours = [1]"), "a.toml:8:10: hours: expected a text, found a number"},
               {conditions("hours = \"Mon 08:00-18:00\""), "hours: "},
               {conditions("hours = [\"Mon 18:00\"]"), "hours: \"Mon 18:00\" is no window"},
               {conditions("hours = [\"08:00-08:00\"]"), "is no window"},
               {conditions("hours = [\"08:00-18:00\"]\ntimezone = \"Mars/Base\""),
                "timezone: no time zone \"Mars/Base\" on this host"},
               {conditions("hours = [\"08:00-18:00\"]\ntimezone = 1"), "timezone: "}});
}

void parse_reads_the_conditions_on_a_sign_in(void **)
{
    const Role none = good_role("");
    assert_true(none.conditions.auth_context.empty() && !none.conditions.auth_age &&
                !none.conditions.guests);
    const Role role = good_role("[role.web.conditions]\nauth_context = \"c99\"\n"
                                "auth_age = \"10m\"\nguests = true\n");
    assert_text(role.conditions.auth_context, "c99");
    assert_true(role.conditions.auth_age == std::chrono::minutes{10});
    assert_true(role.conditions.guests);
    for (const char *context : {"", "c", "c0", "c01", "c100", "C1", "p1", "c1 ", "1"})
        check_bad(
            {{role_with("[role.web.conditions]\nauth_context = \"" + std::string{context} + "\""),
              "auth_context"}});
    check_bad({{role_with("[role.web.conditions]\nauth_age = \"0s\""), "auth_age"}});
}

void parse_accepts_sections_that_say_nothing(void **)
{
    (void)good_role("[role.web.conditions]\n[role.web.limits]\n[role.web.approval]\n");
}

void parse_names_unknown_keys_in_every_section(void **)
{
    check_bad({
        {"roles = 1\n" + role_with(""), "policy: unknown key \"roles\", did you mean \"role\"?"},
        {role_with("max_duraton = \"1h\""), "did you mean \"max_duration\"?"},
        {role_with("alow_system_accounts = true"), "did you mean \"allow_system_accounts\"?"},
        {role_with("zzzzzz = 1"), "[role.web]: unknown key \"zzzzzz\"\n"},
        {role_with("[role.web.aproval]\nmode = \"self\""), "did you mean \"approval\"?"},
        {role_with("[role.web.approval]\nmoed = \"self\""), "did you mean \"mode\"?"},
        {role_with("[role.web.conditions]\nauth_ages = \"1h\""), "did you mean \"auth_age\"?"},
        {role_with("[role.web.limits]\nper_dya = \"1h\""), "did you mean \"per_day\"?"},
        {role_with("[role.web.approval]\nmode = \"myself\""), "\"myself\" is not known"},
        {role_with("reuse = \"always\""), "\"always\" is not known"},
    });
}

void parse_refuses_wrong_types_everywhere(void **)
{
    check_bad({
        {"role = 1\n", "role: expected a table, found a number"},
        {"[role]\nweb = 1\n", "role.web: expected a table, found a number"},
        {"[[role.web]]\n", "role.web: expected a table, found a list"},
        {role_with("description = 1"), "description: expected a text, found a number"},
        {role_with("groups = \"jit-web\""), "groups: expected a list of texts, found a text"},
        {role_with("groups = [1]"), "groups: expected a text, found a number"},
        {role_with("groups = [[\"a\"]]"), "groups: expected a text, found a list"},
        {role_with("requesters = true"), "expected a list of texts, found true or false"},
        {role_with("services = {}"), "expected a list of texts, found a table"},
        {role_with("accounts = 1.5"), "expected a list of texts, found a number"},
        {role_with("hosts = 2020-01-01"), "expected a list of texts, found a date or time"},
        {role_with("max_duration = 07:30:00"), "expected a duration such as"},
        {role_with("allow_system_accounts = \"true\""), "expected true or false, found a text"},
        {role_with("shared = 0"), "expected true or false, found a number"},
        {role_with("approval = \"self\""), "approval: expected a table, found a text"},
        {role_with("conditions = []"), "conditions: expected a table, found a list"},
    });
}

void parse_refuses_patterns_that_would_never_match(void **)
{
    for (const char *glob : {"", "!", "!!a", "a b", "[ab]", "a,b", "DOM\\\\alice", "a/b", "a!b"})
        check_bad({{role_with("accounts = [\"*\", \"" + std::string{glob} + "\"]"), "accounts: "}});
    for (const char *glob : {"", "tag:", "tag:a b", "tag:a*", "!db*", "db 1", "a/b", "[::1]"})
        check_bad({{role_with("hosts = [\"" + std::string{glob} + "\"]"), "hosts: "}});
}

void parse_refuses_one_role_name_twice_and_names_the_first(void **)
{
    const std::vector<SourceFile> files{
        {"/p/a.toml", "\n" + role_with("")},
        {"/p/b.toml", role_with("services = [\"su\"]")},
    };
    const ParsedPolicy parsed = parse_policy(files);
    assert_false(parsed.policy.has_value());
    assert_text(all_of(parsed.diagnostics),
                "/p/b.toml:1:7: role \"web\" is defined twice, first at /p/a.toml:2:7\n");
    check_bad({{"[role.web]\nmax_duration='1h'\nmax_duration='2h'\n",
                "'max_duration' is defined twice, expected each table and key once"}});
    // The same line in another role is none of it.
    check_bad(
        {{"[role.a]\nmax_duration='1h'\n[role.b]\nmax_duration='1h'\nmax_duration='1h'\n",
          "5:14: not valid TOML: 'max_duration' is defined twice, first at line 4, expected"}});
    assert_text(all_of(parse_one("\n[role.web] \n[role.db]\n[role.web]\n").diagnostics),
                "/etc/jit/policy.d/a.toml:4:1: not valid TOML: 'role.web' is defined twice, first "
                "at line 2, expected each table and "
                "key once\n");
    for (const char *open : {"[role.web]\nx = \"abc\n", "[role.web]\nx = 'abc\ny = 1\n"})
        check_bad({{open, "a text that does not end on its line, or has a control character, "
                          "expected a quote at its end"}});
}

void parse_refuses_two_roles_that_gate_one_door(void **)
{
    struct Pair {
        const char *first, *second;
        bool is_apart;
    };
    for (const Pair &pair : std::initializer_list<Pair>{
             {"", "", false},
             {"services = [\"sudo\"]", "services = [\"sudo-i\"]", false},
             {"services = [\"su-l\"]", "services = [\"su\"]", false},
             {"services = [\"sudo-i\"]", "services = [\"su-l\"]", true},
             {"services = [\"sudo\"]", "services = [\"su\"]", true},
             {"hosts = [\"a\"]", "hosts = [\"b\"]", false}, // hosts do not gate
             {"accounts = [\"alice\"]", "accounts = [\"bob\"]", true},
             {"accounts = [\"alice\"]", "accounts = [\"bob\", \"alice\"]", false},
             {"accounts = [\"alice\"]", "accounts = [\"a*\"]", false},
             {"accounts = [\"alice\"]", "accounts = [\"b*\"]", true},
             {"accounts = [\"alice\"]", "accounts = [\"*\", \"!alice\"]", true},
             {"accounts = [\"*\", \"!alice\"]", "accounts = [\"alice\"]", true},
             {"accounts = [\"alice\", \"!a*\", \"bob\"]", "accounts = [\"alice\"]", true},
             {"accounts = [\"a*\"]", "accounts = [\"b*\"]", true},
             {"accounts = [\"*a\"]", "accounts = [\"b*\"]", false},
             {"accounts = [\"*a\", \"!b?*\"]", "accounts = [\"b*\"]", false}, // not proven
             {"accounts = [\"*\", \"!svc-*\"]", "accounts = [\"svc-*\"]", true},
             {"accounts = [\"*\", \"!svc-*\"]", "accounts = [\"svc-a*\"]", true},
             {"accounts = [\"svc-a?\"]", "accounts = [\"*\", \"!svc-*\"]", true},
             {"accounts = [\"*\", \"!svc-?\"]", "accounts = [\"svc-*\"]", false},
             {"accounts = [\"*\", \"!svc-?\"]", "accounts = [\"svc-?\"]", true},
             {"accounts = [\"*\", \"!svc-*\"]", "accounts = [\"svc*\"]", false},
         }) {
        const std::vector<SourceFile> files{{"a", role_with(pair.first, "one")},
                                            {"b", role_with(pair.second, "two")}};
        const ParsedPolicy parsed = parse_policy(files);
        if (parsed.policy.has_value() != pair.is_apart)
            std::printf("%s / %s\n", pair.first, pair.second);
        assert_true(parsed.policy.has_value() == pair.is_apart);
        if (!pair.is_apart)
            assert_true(holds(all_of(parsed.diagnostics),
                              "b:1:7: [role.two] and [role.one] (a:1:7) "
                              "both gate su"));
    }
}

void parse_lets_roles_without_services_stand_beside_each_other(void **)
{
    const std::string bare = "]\ngroups=['g']\nrequesters=['local-group:x']\nmax_duration='1h'\n";
    assert_true(parse_one("[role.a" + bare + "[role.b" + bare).policy.has_value());
}

void parse_warns_of_an_entry_given_twice_and_counts_it_once(void **)
{
    const ParsedPolicy parsed = parse_one(role_with("groups = [\"jit-web\", \"jit-web\"]"));
    assert_true(parsed.policy.has_value());
    assert_int_equal(parsed.policy->roles[0].groups.size(), 1);
    assert_true(holds(all_of(parsed.diagnostics), "warning: groups: \"jit-web\" is given twice"));
}

std::string list_of(const char *key, int count, const char *prefix)
{
    std::string out = std::string{key} + " = [";
    for (int i = 0; i < count; ++i)
        out += std::string{"\""} + prefix + std::to_string(i) + "\",";
    return out + "]";
}

void parse_caps_lists(void **)
{
    (void)good_role(list_of("groups", 16, "g"));
    check_bad({{role_with(list_of("groups", 17, "g")), "more than 16 groups"}});
    (void)good_role(list_of("requesters", 256, "approle:r"));
    check_bad({{role_with(list_of("requesters", 257, "approle:r")), "more than 256 entries"},
               {role_with(list_of("accounts", 257, "a")), "more than 256 entries"}});
}

void parse_shows_at_most_a_hundred_faults_and_counts_the_rest(void **)
{
    std::string text;
    for (int i = 0; i < 300; ++i)
        text += "x" + std::to_string(i) + " = 1\n";
    const ParsedPolicy parsed = parse_one(text);
    assert_false(parsed.policy.has_value());
    assert_int_equal(parsed.diagnostics.size(), 101);
    assert_text(format_diagnostic(parsed.diagnostics[100]), "200 more faults are not shown");
}

// What the set is refused for is said, however many warnings stand before it.
// What a group is by its number counts more than its name.
void parse_refuses_groups_with_the_gid_of_one_as_good_as_root(void **)
{
    ParseOptions options;
    options.root_twin = [](const std::string &name) {
        return std::string{name == "twin" ? "adm" : name == "toor" ? "root" : ""};
    };
    const std::string allowed = "allow_root_equivalent = true\n"
                                "[role.web.conditions]\naccept_stale_signin = true\n"
                                "[role.web.limits]\nper_day = \"1h\"\n";
    const auto faults = [&](const std::string &group, const std::string &more) {
        const std::vector<SourceFile> files{
            {"f", role_with("groups = [\"" + group + "\"]\n" + more)}};
        return all_of(parse_policy(files, options).diagnostics);
    };
    assert_text(faults("own", ""), "");
    assert_text(faults("twin", ""),
                "f:2:11: groups: \"twin\" has the gid of \"adm\" on this host, so it is as good as "
                "root, expected a group made for this role, with a gid of its own\n");
    assert_text(faults("twin", allowed), "f:2:11: warning: groups: \"twin\" has the gid of \"adm\" "
                                         "on this host, so the role can't be granted here\n");
    for (const char *group : {"toor", "root"})
        assert_text(faults(group, allowed),
                    "f:2:11: groups: \"" + std::string{group} +
                        "\" has gid 0, which is never granted, expected a group made for this "
                        "role\n");
    // It is the same with every host's options.
    check_bad({{role_with("groups = [\"root\"]\n" + allowed), "which is never granted"}});
}

void regress_errors_are_shown_rather_than_warnings(void **)
{
    std::string list = "groups = [\"g\"";
    for (int i = 0; i < 120; ++i)
        list += ",\"g\"";
    const std::vector<SourceFile> files{{"a", role_with(list + "]\n", "one")},
                                        {"b", role_with("groups = [\"docker\"]", "two")}};
    const ParsedPolicy parsed = parse_policy(files);
    assert_int_equal(parsed.diagnostics.size(), 101);
    assert_true(parsed.diagnostics[0].kind == Diagnostic::Kind::warning);
    bool is_shown = false;
    for (const Diagnostic &one : parsed.diagnostics)
        is_shown = is_shown || (one.kind == Diagnostic::Kind::error && one.file == "b" &&
                                holds(one.text, "as good as root"));
    assert_true(is_shown);
    assert_true(parsed.diagnostics[100].kind == Diagnostic::Kind::warning);
    assert_true(holds(parsed.diagnostics[100].text, " more faults are not shown"));
}

void parse_never_lets_warnings_hide_an_error(void **)
{
    std::string list = "groups = [\"g\"";
    for (int i = 0; i < 5000; ++i)
        list += ",\"g\"";
    const ParsedPolicy parsed = parse_one(role_with(list + "]\nshared = true"));
    assert_false(parsed.policy.has_value());
    assert_true(has_error(parsed.diagnostics));

    std::string roles;
    for (int i = 0; i < 101; ++i)
        roles += role_with("max_duration = \"9h\"\naccounts = [\"u" + std::to_string(i) + "\"]",
                           "r" + std::to_string(i));
    const ParsedPolicy late = parse_one(roles + "[zzz]\n");
    assert_false(late.policy.has_value());
    assert_true(has_error(late.diagnostics));
}

void parse_shows_hostile_text_made_safe(void **)
{
    const ParsedPolicy parsed =
        parse_one(role_with("groups = [\"a\\u001b[31m\\u202e\\n\"]\n\"\\u0007k\" = 1"));
    for (const char c : all_of(parsed.diagnostics))
        assert_true(c == '\n' || (c >= ' ' && c <= '~'));
    check_bad({{role_with("description = \"a\\nb\""), "description: expected one line"},
               {role_with("description = \"" + std::string(257, 'a') + "\""), "longer than 256"}});
}

void parse_survives_hostile_text(void **)
{
    const auto many = [](const char *piece, int count) {
        std::string out;
        for (int i = 0; i < count; ++i)
            out += piece;
        return out;
    };
    check_bad({
        {std::string("[role.web]\n\0", 12), "a.toml:2:1: a NUL byte"},
        {"x = \"\xff\xfe\"\n", "not valid TOML"},
        {"x = \"\xed\xa0\x80\"\n", "not valid TOML"},
        {"\xc3", "a.toml:1:1: a character outside of ASCII"},
        {"x = \"\x01\"\n", "not valid TOML"},
        {"x = " + many("[", 100000), "not valid TOML"},
        {"x = " + many("{a=", 100000), "not valid TOML"},
        {"x = " + many("[", 17) + many("]", 17), "exceeded maximum nested value depth"},
        {"[a" + many(".a", 200000) + "]\n", "a.toml:1:35: more than 16 dots"},
        {"\n\na" + many(".a", 200000) + " = 1\n", "a.toml:3:34: more than 16 dots"},
        {"x = \"\"\"" + many("a.", 50) + "\n" + many("\"", 5) + "\na" + many(".a", 20) + " = 1",
         "a.toml:3:34: more than 16 dots"},
        {"x = {" + many("a.", 17) + "a = 1}\n", "more than 16 dots"},
        {"x = 1\n" + std::string(1024 * 1024, '#'), "longer than 1 MiB"},
        {"x = " + std::string(100000, '9'), "not valid TOML"},
        {"x = '''", "not valid TOML"},
        {"x = \"\\uD800\"", "not valid TOML"},
        {"\"", "not valid TOML"},
        {"[", "not valid TOML"},
        {"=", "not valid TOML"},
        {"\xef\xbb\xbf", "no role is defined"},
    });
}

void regress_parse_says_what_is_wrong_with_a_header_that_is_no_key(void **)
{
    // An assertion of the TOML library ended the program here.
    for (const char *text :
         {"[>", "[ .]", "[[>]]", "[\n", "[[\n", "[[", "[a.>]", "[=]", "[#]", "[,"})
        check_bad({{"\n" + std::string{text}, "not valid TOML"}});
    check_bad({{"\n[>]", "a.toml:2:2: not valid TOML: "}});
}

void parse_allows_dots_in_texts_and_comments(void **)
{
    (void)good_role(
        "hosts = [\"a.b.c.d.e.f\", 'g.h.i.j.k.l', \"m.n.o.p.q.r.s\"] # ..................");
    (void)good_role("description = \"\"\"\\\n   ....................\"\"\"");
    (void)good_role("description = \"\\\".................\"");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(parse_reads_the_policy_of_the_readme),
        cmocka_unit_test(parse_reads_every_key_that_it_supports),
        cmocka_unit_test(parse_lets_only_a_role_of_su_carry_its_groups_on),
        cmocka_unit_test(parse_sorts_roles_by_name_over_all_files),
        cmocka_unit_test(parse_names_every_fault_at_once_with_its_place),
        cmocka_unit_test(parse_goes_on_with_other_files_after_a_syntax_error),
        cmocka_unit_test(parse_refuses_a_policy_without_a_role),
        cmocka_unit_test(parse_refuses_a_role_that_lacks_what_it_needs),
        cmocka_unit_test(parse_refuses_durations_out_of_range),
        cmocka_unit_test(parse_takes_the_smaller_of_30m_and_max_as_default),
        cmocka_unit_test(parse_warns_of_more_than_a_working_day_and_of_no_services),
        cmocka_unit_test(parse_refuses_root_equivalent_groups_unless_the_role_allows_them),
        cmocka_unit_test(parse_refuses_names_that_could_reach_a_path),
        cmocka_unit_test(parse_refuses_requesters_that_are_no_ids),
        cmocka_unit_test(parse_takes_any_printable_id_of_another_issuer),
        cmocka_unit_test(parse_refuses_what_this_version_does_not_enforce),
        cmocka_unit_test(parse_reads_hours_and_their_zone),
        cmocka_unit_test(parse_reads_the_conditions_on_a_sign_in),
        cmocka_unit_test(parse_accepts_sections_that_say_nothing),
        cmocka_unit_test(parse_names_unknown_keys_in_every_section),
        cmocka_unit_test(parse_refuses_wrong_types_everywhere),
        cmocka_unit_test(parse_refuses_patterns_that_would_never_match),
        cmocka_unit_test(parse_refuses_one_role_name_twice_and_names_the_first),
        cmocka_unit_test(parse_refuses_two_roles_that_gate_one_door),
        cmocka_unit_test(parse_lets_roles_without_services_stand_beside_each_other),
        cmocka_unit_test(parse_warns_of_an_entry_given_twice_and_counts_it_once),
        cmocka_unit_test(parse_caps_lists),
        cmocka_unit_test(parse_shows_at_most_a_hundred_faults_and_counts_the_rest),
        cmocka_unit_test(parse_refuses_groups_with_the_gid_of_one_as_good_as_root),
        cmocka_unit_test(regress_errors_are_shown_rather_than_warnings),
        cmocka_unit_test(parse_never_lets_warnings_hide_an_error),
        cmocka_unit_test(parse_shows_hostile_text_made_safe),
        cmocka_unit_test(parse_survives_hostile_text),
        cmocka_unit_test(regress_parse_says_what_is_wrong_with_a_header_that_is_no_key),
        cmocka_unit_test(parse_allows_dots_in_texts_and_comments),
    };
    return cmocka_run_group_tests_name("policy/parse", tests, nullptr, nullptr);
}
