// [role.NAME.conditions]: the keys that no sign-in can meet.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

// The section's first line is line 8 of the text.
std::string conditions(std::string_view lines, std::string_view role = "")
{
    return role_with(std::string{role} + (role.empty() ? "" : "\n") + "[role.web.conditions]\n" +
                     std::string{lines});
}

std::string said_of(const std::string &text)
{
    std::string shown;
    for (Diagnostic diagnostic : parse_one(text).diagnostics) {
        diagnostic.file = "a";
        shown += format_diagnostic(diagnostic) + '\n';
    }
    return shown;
}

Conditions good(std::string_view lines)
{
    const ParsedPolicy parsed = parse_one(conditions(lines));
    if (!parsed.policy)
        std::printf("%s", all_of(parsed.diagnostics).c_str());
    assert_true(parsed.policy.has_value());
    return parsed.policy ? parsed.policy->roles[0].conditions : Conditions{};
}

void conditions_are_none_unless_they_are_given(void **)
{
    for (const Conditions &read : {good(""), good("tty = false\naccept_stale_signin = false"),
                                   parse_one(role_with("")).policy->roles[0].conditions}) {
        assert_false(read.tty || read.accept_stale_signin || read.guests || read.auth_age);
        assert_true(read.from.empty() && read.hours.empty() && read.auth_context.empty());
        // Days have a zone also where nothing else does.
        assert_non_null(read.zone.get());
        assert_text(read.zone->name, "UTC");
    }
}

void a_terminal_can_be_asked_for(void **)
{
    assert_true(good("tty = true").tty);
    assert_text(said_of(conditions("tty = \"pts/0\"")),
                "a:8:7: tty: expected true or false, found a text\n");
    assert_true(good("accept_stale_signin = true").accept_stale_signin);
    assert_text(said_of(conditions("accept_stale_signin = \"1h\"")),
                "a:8:23: accept_stale_signin: expected true or false, found a text\n");
}

void a_zone_is_that_of_hours_or_of_a_budget(void **)
{
    const auto warned = [](const std::string &text) {
        assert_true(parse_one(text).policy.has_value());
        return said_of(text);
    };
    const std::string zone = "timezone = \"Europe/Berlin\"";
    assert_text(warned(conditions(zone)), "a:8:12: warning: timezone: has no meaning without hours "
                                          "or limits.per_day\n");
    assert_text(warned(conditions(zone + "\nhours = [\"08:00-18:00\"]")), "");
    assert_text(warned(conditions(zone + "\n[role.web.limits]\nper_day = \"1h\"")), "");
    assert_text(warned(conditions(zone + "\n[role.web.limits]\ncooldown = \"1h\"")),
                "a:8:12: warning: timezone: has no meaning without hours or limits.per_day\n");
    assert_text(good(zone).zone->name, "Europe/Berlin");
    assert_text(good(zone + "\n[role.web.limits]\nper_day = \"1h\"").zone->name, "Europe/Berlin");
    assert_text(said_of(conditions("timezone = \"Europe/Berlim\"")),
                "a:8:12: timezone: no time zone \"Europe/Berlim\" on this host, expected a name "
                "such as \"Europe/Berlin\", and the package tzdata\n"
                "a:8:12: warning: timezone: has no meaning without hours or limits.per_day\n");
    assert_text(said_of(conditions("timezone = true\nhours = [\"08:00-18:00\"]")),
                "a:8:12: timezone: expected a text, found true or false\n");
}

void without_zones_only_utc_is_known(void **)
{
    const auto parse = [](const std::string &text) {
        const std::vector<SourceFile> files{{"a", text}};
        return parse_policy(files);
    };
    assert_text(parse(role_with("")).policy->roles[0].conditions.zone->name, "UTC");
    assert_text(parse(conditions("timezone = \"UTC\"")).policy->roles[0].conditions.zone->name,
                "UTC");
    assert_false(parse(conditions("timezone = \"Europe/Berlin\"")).policy.has_value());
    assert_false(parse(conditions("timezone = \"\"")).policy.has_value());
}

void from_is_for_services_that_are_reached_from_an_address(void **)
{
    for (const char *services :
         {"services = [\"sshd\"]", "services = [\"login\"]", "services = [\"sshd\", \"login\"]"})
        assert_text(said_of(conditions("from = [\"10.0.0.0/8\", \"2001:db8::/32\"]", services)),
                    "");
    const auto near = parse_one(conditions("from = [\"10.0.0.0/8\"]", "services = [\"sshd\"]"));
    assert_int_equal(near.policy->roles[0].conditions.from.size(), 1);
    // One that is not is enough.
    assert_false(parse_one(conditions("from = [\"10.0.0.0/8\"]", "services = [\"sshd\", \"sudo\"]"))
                     .policy.has_value());
}

void from_is_refused_where_nobody_comes_from_an_address(void **)
{
    constexpr const char *away = " is not reached from an address, expected services to be sshd or "
                                 "login\n";
    assert_text(said_of(conditions("from = [\"10.0.0.0/8\", \"2001:db8::/32\"]")),
                "a:8:8: from: \"sudo\"" + std::string{away});
    assert_text(said_of(conditions("from = [\"10.0.0.0/8\"]", "services = [\"su\", \"sudo-i\"]")),
                "a:8:8: from: \"su\"" + std::string{away} + "a:8:8: from: \"sudo-i\"" + away);
    const std::string bare = "[role.web]\ngroups=['g']\nrequesters=['local-group:x']\n"
                             "max_duration='1h'\n[role.web.conditions]\nfrom=['10.0.0.0/8']\n";
    assert_text(said_of(bare), "a:1:1: warning: [role.web]: no services, so only `jitctl request` "
                               "reaches this role\n"
                               "a:6:6: from: `jitctl request`" +
                                   std::string{away});
}

void each_network_that_is_none_is_named(void **)
{
    const auto wrong = [](const std::string &place, const std::string &text) {
        return "a:" + place + ": from: \"" + text +
               "\" is no network, expected an address, or the first one of a network and the "
               "length of its prefix, such as \"10.0.0.0/8\" or \"2001:db8::/32\"\n";
    };
    const std::string sudo =
        "a:8:8: from: \"sudo\" is not reached from an address, expected services to be sshd or "
        "login\n";
    assert_text(said_of(conditions("from = [\"10.0.0.1/8\", \"::/0\", \"*\",\n  \"db\\u0007\"]")),
                sudo + wrong("8:9", "10.0.0.1/8") + wrong("8:31", "*") + wrong("9:3", "db?"));
    assert_text(said_of(conditions("from = []")),
                "a:8:8: from: the list is empty, so nobody could come from there; expected such as "
                "\"10.0.0.0/8\"\n" +
                    sudo);
    assert_text(said_of(conditions("from = \"10.0.0.0/8\"")),
                "a:8:8: from: expected a list of texts, found a text\n");
    assert_text(said_of(conditions("from = [10]")), sudo + "a:8:9: from: expected a text, found a "
                                                           "number\n");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_none_unless_they_are_given),
        cmocka_unit_test(a_terminal_can_be_asked_for),
        cmocka_unit_test(a_zone_is_that_of_hours_or_of_a_budget),
        cmocka_unit_test(without_zones_only_utc_is_known),
        cmocka_unit_test(from_is_for_services_that_are_reached_from_an_address),
        cmocka_unit_test(from_is_refused_where_nobody_comes_from_an_address),
        cmocka_unit_test(each_network_that_is_none_is_named),
    };
    return cmocka_run_group_tests_name("policy/role_conditions", tests, nullptr, nullptr);
}
