#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <set>

#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;
using namespace std::chrono_literals;

namespace {

// A role with everything that a refusal tells of.
Policy full_policy()
{
    return role_policy("[role.web.conditions]\ntimezone = \"Europe/Berlin\"\n"
                       "hours = [\"Mon..Fri 08:00-18:00\"]\n"
                       "[role.web.justification]\nhint = \"ticket, then why\"\n"
                       "[role.web.limits]\nper_day = \"4h\"\ncooldown = \"5m\"\nmax_active = 3\n");
}

struct Row {
    Refusal refusal;
    const char *name;
    const char *line;
};
const Row rows[] = {
    {Refusal::unknown_role, "unknown-role", "there is no role \"web\" in the policy"},
    {Refusal::wrong_host, "wrong-host",
     "role \"web\" is not for this host: its hosts name neither this host nor one of its tags"},
    {Refusal::no_terminal, "tty",
     "role \"web\" is for people at a terminal: its conditions say tty = true"},
    {Refusal::wrong_place, "from",
     "role \"web\" is not for those who come from there: its conditions name other networks"},
    {Refusal::no_person, "no-person",
     "bob has no entry in [users] map of /etc/jit/jitd.toml, so no person can stand behind the "
     "request"},
    {Refusal::not_vouched, "not-vouched",
     "role \"web\" is as good as root, so root must have said who bob is: by an entry in [users] "
     "map of /etc/jit/jitd.toml, or with `jitctl pins --confirm bob`"},
    {Refusal::not_requester, "not-requester", "bob is not among the requesters of role \"web\""},
    {Refusal::group_overage, "group-overage",
     "bob is in so many groups that the sign-in leaves them out, so none can be seen that is among "
     "the requesters of role \"web\"; Microsoft Graph would tell if `scopes` in jitd.toml named "
     "GroupMember.Read.All, and an entry user: or approle: would do"},
    {Refusal::groups_unknown, "groups-unknown",
     "the sign-in of bob says nothing of groups, so none can be seen that is among the requesters "
     "of role \"web\"; the application's registration has to put groups into its tokens, or "
     "`scopes` in jitd.toml to name GroupMember.Read.All"},
    {Refusal::guest, "guest",
     "bob's person is a guest of the tenant, and role \"web\" is not for guests: its conditions "
     "would have to say guests = true"},
    {Refusal::no_context, "auth-context",
     "the sign-in of bob did not satisfy the authentication context that role \"web\" demands; run "
     "it again and do all that the browser page asks for"},
    {Refusal::stale_sign_in, "auth-age",
     "the sign-in of bob is older than role \"web\" allows, or does not say how old it is; sign "
     "out in the browser, then run it again"},
    {Refusal::no_reason, "reason-missing", "role \"web\" wants a reason: ticket, then why"},
    {Refusal::other_reason, "reason-pattern",
     "role \"web\" wants a reason of another form: ticket, then why"},
    {Refusal::too_long, "too-long", "role \"web\" is granted for at most 1h: ask for less"},
    {Refusal::outside_hours, "hours",
     "role \"web\" is closed now: its conditions have hours, and opens Mon 2026-11-30 08:00 "
     "Europe/Berlin"},
    {Refusal::cooling, "cooldown",
     "role \"web\" has a cooldown of 5m between two grants: ask again at Mon 2026-11-30 08:00 "
     "Europe/Berlin"},
    {Refusal::used_up, "per-day",
     "role \"web\" is granted for 4h a day, and that is used up: the next day begins Mon "
     "2026-11-30 08:00 Europe/Berlin"},
    {Refusal::no_place, "max-active",
     "role \"web\" is for at most 3 at a time, and so many have it: ask again when one of them has "
     "handed it back"},
};

Decision decision_of(const Policy &policy, Refusal refusal)
{
    Decision decision;
    decision.refusal = refusal;
    if (refusal != Refusal::unknown_role)
        decision.role = policy.find("web");
    if (refusal == Refusal::outside_hours || refusal == Refusal::cooling ||
        refusal == Refusal::used_up)
        decision.again = noon + 67h;
    return decision;
}

void explain_says_what_failed_and_what_would_satisfy_it(void **)
{
    const Policy policy = full_policy();
    assert_text(explain(decision_of(policy, Refusal::none), "web", "bob"), "");
    for (const Row &row : rows)
        assert_text(explain(decision_of(policy, row.refusal), "web", "bob"), row.line);
}

void every_refusal_has_a_name_of_its_own(void **)
{
    std::set<std::string_view> names;
    for (const Row &row : rows) {
        assert_text(std::string{name_of(row.refusal)}, row.name);
        assert_true(names.insert(name_of(row.refusal)).second);
    }
    // All of them stand in the table, in the order of the enumeration.
    assert_int_equal(std::size(rows), static_cast<std::size_t>(Refusal::no_place));
    for (std::size_t i = 0; i < std::size(rows); ++i)
        assert_true(std::find_if(std::begin(rows), std::end(rows), [&](const Row &row) {
                        return static_cast<std::size_t>(row.refusal) == i + 1;
                    }) != std::end(rows));
    assert_text(std::string{name_of(Refusal::none)}, "none");
}

void explain_gives_one_line_whatever_the_names_hold(void **)
{
    Policy policy = full_policy();
    policy.roles[0].justification.hint = "a\nb\x1b[31m\xe2\x80\xae";
    for (const Row &row : rows) {
        const std::string line =
            explain(decision_of(policy, row.refusal), "we\nb\x1b[2J",
                    "b\x1b[31mo\tb\x7f\xe2\x80\xae\xff" + std::string(999, 'b'));
        assert_false(line.empty());
        assert_true(line.size() < 1024);
        for (const char c : line)
            assert_true(c >= ' ' && c != '\x7f');
        assert_false(line.ends_with('.'));
    }
}

void explain_does_without_what_is_not_known(void **)
{
    Policy policy = full_policy();
    policy.roles[0].justification.hint.clear();
    Decision decision = decision_of(policy, Refusal::no_reason);
    assert_text(explain(decision, "web", "bob"), "role \"web\" wants a reason");
    // It never opens again.
    decision = decision_of(policy, Refusal::outside_hours);
    decision.again.reset();
    assert_text(explain(decision, "web", "bob"),
                "role \"web\" is closed now: its conditions have hours");
    // Not even the role.
    for (const Row &row : rows) {
        decision = decision_of(policy, row.refusal);
        decision.role = nullptr;
        assert_false(explain(decision, "web", "bob").empty());
    }
}

void explain_tells_of_the_decision_that_was_made(void **)
{
    const Policy policy = full_policy();
    const auto line_at = [&](const Use &use, jit::WallTime now) {
        const Ask ask{"web", {}, {}, false, {}};
        return explain(decide(policy, ask, alice(), host, use, now), "web", "alice");
    };
    assert_text(line_at({}, noon), "");
    assert_text(line_at({}, noon + 12h), "role \"web\" is closed now: its conditions have hours, "
                                         "and opens Mon 2026-11-30 08:00 Europe/Berlin");
    assert_text(line_at({{{noon - 1h, noon - 1min}}, 0}, noon),
                "role \"web\" has a cooldown of 5m between two grants: ask again at Fri 2026-11-27 "
                "13:04 Europe/Berlin");
    assert_text(line_at({{{noon - 5h, noon - 1h}}, 0}, noon),
                "role \"web\" is granted for 4h a day, and that is used up: the next day begins "
                "Sat 2026-11-28 00:00 Europe/Berlin");
    assert_text(line_at({{}, 3}, noon), rows[std::size(rows) - 1].line);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(explain_says_what_failed_and_what_would_satisfy_it),
        cmocka_unit_test(every_refusal_has_a_name_of_its_own),
        cmocka_unit_test(explain_gives_one_line_whatever_the_names_hold),
        cmocka_unit_test(explain_does_without_what_is_not_known),
        cmocka_unit_test(explain_tells_of_the_decision_that_was_made),
    };
    return cmocka_run_group_tests_name("policy/explain", tests, nullptr, nullptr);
}
