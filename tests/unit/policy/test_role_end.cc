#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

std::string end_with(std::string_view lines)
{
    return role_with("[role.web.end]\n" + std::string{lines});
}

End good_end(std::string_view lines)
{
    const ParsedPolicy parsed = parse_one(end_with(lines));
    assert_text(all_of(parsed.diagnostics), "");
    return parsed.policy->roles[0].end;
}

void nothing_said_lets_run_what_runs_and_warns_nobody(void **)
{
    const ParsedPolicy parsed = parse_one(role_with(""));
    const End &end = parsed.policy->roles[0].end;
    assert_true(end.action == End::Action::stop_new);
    assert_true(end.grace == 30s);
    assert_true(end.warn.empty());
}

void all_three_keys_are_read_and_the_first_warning_comes_first(void **)
{
    const End end =
        good_end("action = \"terminate\"\ngrace = \"5s\"\nwarn = [\"1m\", \"10m\", \"30s\"]");
    assert_true(end.action == End::Action::terminate);
    assert_true(end.grace == 5s);
    assert_true(end.warn == (std::vector<std::chrono::seconds>{10min, 1min, 30s}));
    assert_true(good_end("action = \"stop-new\"").action == End::Action::stop_new);
    assert_true(good_end("warn = []").warn.empty());
}

void what_is_no_end_is_an_error(void **)
{
    const struct {
        const char *lines;
        const char *words;
    } table[] = {
        {"action = \"kill\"", "a.toml:8:10: action: "},
        {"action = \"\"", "action: "},
        {"action = true", "action: expected a text"},
        {"grace = \"0s\"", "grace: "},
        {"grace = \"6m\"", "grace: "},
        {"grace = 30", "grace: "},
        {"warn = \"10m\"", "warn: "},
        {"warn = [\"soon\"]", "a.toml:8:9: warn: \"soon\" is not a time before the end"},
        {"warn = [\"0s\"]", "warn: \"0s\" is not a time before the end"},
        {"warn = [\"25h\"]", "warn: \"25h\" is not a time before the end"},
        {"warn = [10]", "warn: "},
        {"warn = [\"1m\",\"2m\",\"3m\",\"4m\",\"5m\",\"6m\",\"7m\",\"8m\",\"9m\"]",
         "more than 8 warnings"},
        {"acton = \"terminate\"", "did you mean \"action\"?"},
    };
    for (const auto &bad : table) {
        const ParsedPolicy parsed = parse_one(end_with(bad.lines));
        const std::string said = all_of(parsed.diagnostics);
        if (parsed.policy || !holds(said, bad.words))
            std::printf("wanted: %s\nsaid: %s\n", bad.words, said.c_str());
        assert_false(parsed.policy.has_value());
        assert_true(holds(said, bad.words));
    }
}

void a_warning_before_any_grant_begins_is_warned_of(void **)
{
    const ParsedPolicy parsed = parse_one(end_with("warn = [\"1h\"]"));
    assert_true(parsed.policy.has_value());
    assert_true(holds(all_of(parsed.diagnostics), "so nobody is warned then"));
}

// polkit's helper says who it is, and what is let in runs elsewhere.
void what_wants_a_session_is_refused_where_polkit_has_none(void **)
{
    const auto role = [](std::string_view services, std::string_view rest) {
        return parse_one("[role.web]\ngroups = [\"g\"]\nrequesters = [\"local-group:x\"]\n"
                         "max_duration = \"1h\"\nservices = " +
                         std::string{services} + "\n" + std::string{rest});
    };
    const struct {
        const char *lines;
        const char *words;
    } table[] = {
        {"[role.web.end]\naction = \"terminate\"",
         "a.toml:7:10: action: \"polkit-1\" has no session, so what was let in by it could not be "
         "ended, expected services without it"},
        {"[role.web.limits]\nsingle_use = true",
         "a.toml:7:14: single_use: \"polkit-1\" has no "
         "session with whose end the role would be used up"},
        {"[role.web.conditions]\ntty = true", "a.toml:7:7: tty: \"polkit-1\" names no terminal, so "
                                              "the role would never open it"},
        {"[role.web.conditions]\nfrom = [\"10.0.0.0/8\"]",
         "\"polkit-1\" is not reached from an address"},
    };
    for (const auto &bad : table) {
        for (const char *services : {"[\"polkit-1\"]", "[\"login\", \"polkit-1\"]"}) {
            const ParsedPolicy parsed = role(services, bad.lines);
            assert_false(parsed.policy.has_value());
            assert_true(holds(all_of(parsed.diagnostics), bad.words));
        }
        assert_true(role("[\"login\"]", bad.lines).policy.has_value());
    }
    // sshd has a session, and no terminal before it.
    const ParsedPolicy ssh = role("[\"sshd\", \"login\"]", "[role.web.conditions]\ntty = true");
    assert_text(all_of(ssh.diagnostics), "/etc/jit/policy.d/a.toml:7:7: tty: over ssh there is no "
                                         "terminal before the login, so the role would "
                                         "never open \"sshd\", expected services without it\n");
    assert_true(role("[\"sshd\"]", "[role.web.conditions]\ntty = false").policy.has_value());
    const ParsedPolicy good =
        role("[\"sudo\", \"polkit-1\"]", "[role.web.end]\naction = \"stop-new\"\n"
                                         "[role.web.limits]\nsingle_use = false\n"
                                         "[role.web.conditions]\ntty = false");
    assert_text(all_of(good.diagnostics), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_lets_run_what_runs_and_warns_nobody),
        cmocka_unit_test(all_three_keys_are_read_and_the_first_warning_comes_first),
        cmocka_unit_test(what_is_no_end_is_an_error),
        cmocka_unit_test(a_warning_before_any_grant_begins_is_warned_of),
        cmocka_unit_test(what_wants_a_session_is_refused_where_polkit_has_none),
    };
    return cmocka_run_group_tests_name("policy/role_end", tests, nullptr, nullptr);
}
