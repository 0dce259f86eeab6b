// [role.NAME.limits], .justification and .approval, each key in its good and its bad forms.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

// The section's first line is line 8 of the text.
std::string with(std::string_view section, std::string_view lines, std::string_view role = "")
{
    return role_with(std::string{role} + (role.empty() ? "" : "\n") + "[role.web." +
                     std::string{section} + "]\n" + std::string{lines});
}

Role good_role(const std::string &text)
{
    const ParsedPolicy parsed = parse_one(text);
    if (!parsed.policy || !parsed.diagnostics.empty())
        std::printf("%s%s", text.c_str(), all_of(parsed.diagnostics).c_str());
    assert_true(parsed.policy.has_value() && parsed.diagnostics.empty());
    return parsed.policy ? parsed.policy->roles[0] : Role{};
}

// Everything that is said of a text that is refused.
void assert_refused(const std::string &text, std::string_view said)
{
    const ParsedPolicy parsed = parse_one(text);
    assert_false(parsed.policy.has_value());
    std::string shown;
    for (Diagnostic diagnostic : parsed.diagnostics) {
        assert_text(diagnostic.file, "/etc/jit/policy.d/a.toml");
        diagnostic.file = "a";
        shown += format_diagnostic(diagnostic) + '\n';
    }
    assert_text(shown, std::string{said} + '\n');
}

// --- limits --------------------------------------------------------------------------------------

void limits_are_none_unless_they_are_given(void **)
{
    for (const std::string &text :
         {role_with(""), with("limits", ""), with("limits", "single_use = false")}) {
        const Limits limits = good_role(text).limits;
        assert_false(limits.is_any() || limits.single_use);
    }
}

void limits_are_read(void **)
{
    const Limits limits =
        good_role(with("limits", "per_day = \"4h\"\ncooldown = \"5m\"\nmax_active = 3")).limits;
    assert_true(limits.per_day == 4h && limits.cooldown == 5min && limits.max_active == 3U);
    assert_true(limits.is_any() && !limits.single_use);
    // It is not counted over earlier grants.
    const Limits once = good_role(with("limits", "single_use = true")).limits;
    assert_true(once.single_use && !once.is_any());
    assert_true(good_role(with("limits", "per_day = \"1s\"")).limits.is_any());
    assert_true(good_role(with("limits", "per_day = \"1d\"")).limits.per_day == 24h);
    assert_true(good_role(with("limits", "cooldown = \"1s\"")).limits.is_any());
    assert_true(good_role(with("limits", "cooldown = \"24h\"")).limits.cooldown == 24h);
    assert_true(good_role(with("limits", "max_active = 1")).limits.is_any());
    assert_true(good_role(with("limits", "max_active = 256")).limits.max_active == 256U);
}

void limits_out_of_range_are_refused_where_they_stand(void **)
{
    assert_refused(with("limits", "per_day = \"0s\""), "a:8:11: per_day: 0s, expected 1s to 1d");
    assert_refused(with("limits", "per_day = \"25h\""), "a:8:11: per_day: 1d1h, expected 1s to 1d");
    assert_refused(with("limits", "per_day = 4"),
                   "a:8:11: per_day: expected a duration such as \"1h30m\", found a number");
    assert_refused(with("limits", "cooldown = \"0s\""), "a:8:12: cooldown: 0s, expected 1s to 1d");
    assert_refused(with("limits", "cooldown = \"1d1s\""),
                   "a:8:12: cooldown: 1d1s, expected 1s to 1d");
    assert_refused(with("limits", "cooldown = \"5 m\""),
                   "a:8:12: cooldown: \"5 m\" is no duration, expected one such as \"30s\", "
                   "\"15m\", \"1h30m\" or \"1d\"");
    for (const char *count : {"0", "-1", "257", "9223372036854775807", "4294967297", "1.0", "inf"})
        assert_refused(with("limits", "max_active = " + std::string{count}),
                       "a:8:14: max_active: expected a whole number, 1 to 256");
    assert_refused(with("limits", "max_active = \"3\""),
                   "a:8:14: max_active: expected a whole number, found a text");
    assert_refused(with("limits", "max_active = []"),
                   "a:8:14: max_active: expected a whole number, found a list");
    // All at once.
    assert_refused(with("limits", "per_day = \"0s\"\ncooldown = \"\"\nmax_active = 0"),
                   "a:8:11: per_day: 0s, expected 1s to 1d\n"
                   "a:9:12: cooldown: \"\" is no duration, expected one such as \"30s\", "
                   "\"15m\", \"1h30m\" or \"1d\"\n"
                   "a:10:14: max_active: expected a whole number, 1 to 256");
}

void a_role_as_good_as_root_needs_a_budget_and_a_fresh_sign_in(void **)
{
    const std::string role = "allow_root_equivalent = true\ngroups = [\"docker\"]";
    assert_refused(role_with(role),
                   "a:1:1: [role.web]: allow_root_equivalent, and a sign-in of any age would do, "
                   "expected conditions.auth_context, conditions.auth_age, or "
                   "conditions.accept_stale_signin = true\n"
                   "a:2:25: allow_root_equivalent: a role as good as root needs a budget, expected "
                   "limits.per_day, such as per_day = \"2h\"");
    const std::string budget = "\n[role.web.limits]\nper_day = \"2h\"";
    for (const char *condition :
         {"auth_context = \"c1\"", "auth_age = \"10m\"", "accept_stale_signin = true"}) {
        const std::string fresh = "\n[role.web.conditions]\n" + std::string{condition};
        const Role read = good_role(role_with(role + budget + fresh));
        assert_true(read.allow_root_equivalent);
        assert_text(read.groups[0], "docker");
        assert_false(parse_one(role_with(role + fresh)).policy.has_value());
        assert_false(parse_one(role_with(role + fresh + "\n[role.web.limits]\ncooldown = \"1h\""))
                         .policy.has_value());
    }
    assert_refused(role_with(role + budget +
                             "\n[role.web.conditions]\nguests = true\n"
                             "accept_stale_signin = false"),
                   "a:1:1: [role.web]: allow_root_equivalent, and a sign-in of any age would do, "
                   "expected conditions.auth_context, conditions.auth_age, or "
                   "conditions.accept_stale_signin = true");
    // Where nobody signs in there is none that could be old.
    (void)good_role(role_with(role + budget +
                              "\n[role.web.approval]\nmode = \"auto\"\n"
                              "accept_unattended = true"));
    // It is asked of the role, not of its groups.
    assert_false(parse_one(role_with("allow_root_equivalent = true")).policy.has_value());
    assert_false(good_role(role_with("allow_root_equivalent = false")).allow_root_equivalent);
}

// --- approval ------------------------------------------------------------------------------------

void approval_is_by_oneself_within_a_quarter_of_an_hour_unless_it_is_said(void **)
{
    for (const std::string &text :
         {role_with(""), with("approval", ""), with("approval", "mode = \"self\""),
          with("approval", "accept_unattended = false")}) {
        const Approval approval = good_role(text).approval;
        assert_true(approval.mode == Approval::Mode::self && approval.timeout == 15min);
    }
}

void approval_by_nobody_has_to_be_said_twice(void **)
{
    const Role role =
        good_role(with("approval", "mode = \"auto\"\naccept_unattended = true\ntimeout = \"1m\"",
                       "requesters = [\"local-group:ops\", "
                       "\"user:a11ce000-0000-4000-8000-000000000001\"]"));
    assert_true(role.approval.mode == Approval::Mode::none);
    assert_true(role.approval.timeout == 1min);
    constexpr std::string_view wanted = "a:8:8: mode: \"auto\" grants without anybody's approval, "
                                        "expected accept_unattended = true beside it";
    assert_refused(with("approval", "mode = \"auto\""), wanted);
    assert_refused(with("approval", "mode = \"auto\"\naccept_unattended = false"), wanted);
    assert_refused(with("approval", "mode = \"auto\"\naccept_unattended = 1"),
                   std::string{wanted} + "\na:9:21: accept_unattended: expected true or false, "
                                         "found a number");
    assert_refused(with("approval", "accept_unattended = true"),
                   "a:8:21: accept_unattended: only for mode = \"auto\"");
    assert_refused(with("approval", "mode = \"self\"\naccept_unattended = true"),
                   "a:9:21: accept_unattended: only for mode = \"auto\"");
    assert_refused(with("approval", "mode = \"Auto\"\n"),
                   "a:8:8: mode: \"Auto\" is not known, expected \"self\", \"auto\", "
                   "\"approver\", \"pim\" or \"watch\"");
}

void approval_by_nobody_is_only_for_whom_the_host_knows(void **)
{
    const std::string mode = "mode = \"auto\"\naccept_unattended = true";
    for (const char *requester :
         {"group:3d0c5e5a-1111-4222-8333-444455556666", "approle:Elevate.Web"})
        assert_refused(
            with("approval", mode,
                 "requesters = [\"local-group:ops\", \"" + std::string{requester} + "\"]"),
            "a:2:14: requesters: mode \"auto\" asks no provider, which alone knows of group: and "
            "approle:, expected user: and local-group: only");
    assert_refused(
        with("approval", mode + "\n[role.web.conditions]\nauth_context = \"c1\""),
        "a:11:1: auth_context: nobody signs in for role web, whose approval is \"auto\", so it "
        "would never be met");
    assert_refused(with("approval", mode + "\n[role.web.conditions]\nauth_age = \"1h\""),
                   "a:11:1: auth_age: nobody signs in for role web, whose approval is \"auto\", "
                   "so it would never be met");
    assert_refused(
        with("approval", mode + "\n[role.web.conditions]\naccept_stale_signin = true"),
        "a:11:1: accept_stale_signin: nobody signs in for role web, whose approval is \"auto\", so "
        "it would never be met");
    // What needs no sign-in holds for it as well.
    const Role role = good_role(with("approval", mode + "\n[role.web.conditions]\ntty = true\n"
                                                        "hours = [\"08:00-18:00\"]\n"
                                                        "[role.web.limits]\nper_day = \"1h\""));
    assert_true(role.conditions.tty && role.limits.per_day == 1h);
}

// --- justification -------------------------------------------------------------------------------

void a_reason_is_not_asked_for_unless_it_is_said(void **)
{
    for (const std::string &text :
         {role_with(""), with("justification", ""), with("justification", "required = false")}) {
        const Justification read = good_role(text).justification;
        assert_false(read.required);
        assert_null(read.pattern.get());
        assert_text(read.hint, "");
    }
}

void what_a_reason_must_be_is_read(void **)
{
    const Justification read =
        good_role(with("justification", "required = true\npattern = '^(INC|CHG)-[0-9]+'\n"
                                        "hint = \"ticket, then why\""))
            .justification;
    assert_true(read.required);
    assert_text(read.hint, "ticket, then why");
    assert_non_null(read.pattern.get());
    assert_text(std::string{read.pattern->text()}, "^(INC|CHG)-[0-9]+");
    assert_true(read.pattern->is_in("INC-7: restart"));
    assert_false(read.pattern->is_in("restart"));
    // A pattern binds who gives a reason, though nobody has to.
    assert_false(good_role(with("justification", "pattern = 'x'")).justification.required);
    // As far as it may go.
    (void)good_role(with("justification", "pattern = '" + std::string(256, 'a') + "'"));
    (void)good_role(with("justification", "hint = \"" + std::string(128, 'a') + "\""));
    assert_text(
        good_role(with("justification", "hint = \"gr\xc3\xbc\xc3\x9f\"")).justification.hint,
        "gr\xc3\xbc\xc3\x9f");
}

void a_reason_of_no_pattern_is_refused_where_it_stands(void **)
{
    assert_refused(with("justification", "pattern = '(INC'"),
                   "a:8:11: pattern: \"(INC\" is no regular expression of RE2: missing ): (INC");
    assert_refused(with("justification", "pattern = ''"),
                   "a:8:11: pattern: \"\" is no regular expression of RE2: it is empty");
    assert_refused(with("justification", "pattern = '(a)\\1'"),
                   "a:8:11: pattern: \"(a)\\1\" is no regular expression of RE2: invalid escape "
                   "sequence: \\1");
    assert_refused(with("justification", "pattern = '" + std::string(257, 'a') + "'"),
                   "a:8:11: pattern: \"" + std::string(64, 'a') +
                       "...\" is no regular expression of RE2: it is longer than 256 bytes");
    assert_refused(with("justification", "pattern = '\\pL{1000}'"),
                   "a:8:11: pattern: \"\\pL{1000}\" is no regular expression of RE2: pattern too "
                   "large - compile failed");
    assert_refused(with("justification", "pattern = [\"a\"]"),
                   "a:8:11: pattern: expected a text, found a list");
    assert_refused(with("justification", "required = \"yes\""),
                   "a:8:12: required: expected true or false, found a text");
}

void a_pattern_that_every_text_has_is_warned_of(void **)
{
    for (const char *pattern : {"x*", "^", "(INC-[0-9]+)?", "|a"}) {
        const ParsedPolicy parsed =
            parse_one(with("justification", "pattern = '" + std::string{pattern} + "'"));
        assert_true(parsed.policy.has_value());
        assert_text(all_of(parsed.diagnostics),
                    "/etc/jit/policy.d/a.toml:8:11: warning: pattern: any text at all has it, even "
                    "an empty one\n");
    }
}

void a_hint_is_one_line_that_can_be_shown(void **)
{
    constexpr std::string_view wanted =
        "a:8:8: hint: expected one line of at most 128 bytes without control, zero-width or "
        "bidirectional characters";
    for (const std::string &hint :
         {std::string{"a\\nb"}, std::string{"a\\u001b[31m"}, std::string{"a\\u202eb"},
          std::string{"a\\u200bb"}, std::string{"a\\u0000b"}, std::string(129, 'a')})
        assert_refused(with("justification", "hint = \"" + hint + "\""), wanted);
    assert_refused(with("justification", "hint = 1"),
                   "a:8:8: hint: expected a text, found a number");
}

void what_is_not_known_in_a_section_is_refused_there(void **)
{
    assert_refused(with("limits", "max_activ = 3"),
                   "a:8:1: [role.web.limits]: unknown key \"max_activ\", did you mean "
                   "\"max_active\"?");
    assert_refused(with("justification", "require = true"),
                   "a:8:1: [role.web.justification]: unknown key \"require\", did you mean "
                   "\"required\"?");
    assert_refused(with("approval", "accept_unattened = true"),
                   "a:8:1: [role.web.approval]: unknown key \"accept_unattened\", did you mean "
                   "\"accept_unattended\"?");
    for (const char *section : {"limits", "justification", "approval"})
        assert_refused(role_with(std::string{section} + " = true"),
                       "a:2:" + std::to_string(std::string_view{section}.size() + 4) + ": " +
                           section + ": expected a table, found true or false");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_none_unless_they_are_given),
        cmocka_unit_test(limits_are_read),
        cmocka_unit_test(limits_out_of_range_are_refused_where_they_stand),
        cmocka_unit_test(a_role_as_good_as_root_needs_a_budget_and_a_fresh_sign_in),
        cmocka_unit_test(approval_is_by_oneself_within_a_quarter_of_an_hour_unless_it_is_said),
        cmocka_unit_test(approval_by_nobody_has_to_be_said_twice),
        cmocka_unit_test(approval_by_nobody_is_only_for_whom_the_host_knows),
        cmocka_unit_test(a_reason_is_not_asked_for_unless_it_is_said),
        cmocka_unit_test(what_a_reason_must_be_is_read),
        cmocka_unit_test(a_reason_of_no_pattern_is_refused_where_it_stands),
        cmocka_unit_test(a_pattern_that_every_text_has_is_warned_of),
        cmocka_unit_test(a_hint_is_one_line_that_can_be_shown),
        cmocka_unit_test(what_is_not_known_in_a_section_is_refused_there),
    };
    return cmocka_run_group_tests_name("policy/role_limits", tests, nullptr, nullptr);
}
