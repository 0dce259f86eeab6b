#include "tests/unit/cmocka_cpp.h"

#include "policy/argue.h"
#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;
using namespace std::chrono_literals;
using Verdict = Finding::Verdict;

namespace {

// One line a rule that there is.
std::string argued(const Policy &policy, const Ask &ask, const Person &person, const Use &use = {},
                   jit::WallTime now = noon)
{
    std::string out;
    for (const Finding &finding : argue(policy.roles[0], ask, person, host, use, now))
        if (finding.verdict != Verdict::unset)
            out += std::string{finding.rule} + ": " + std::string{name_of(finding.verdict)} + ": " +
                   finding.text + "\n";
    return out;
}

// A role with each rule that there can be at sudo.
Policy full_policy()
{
    return role_policy("requesters = [\"group:3d0c5e5a-1111-4222-8333-444455556666\", "
                       "\"local-group:ops\"]\nhosts = [\"tag:prod\"]\n"
                       "[role.web.conditions]\ntty = true\nauth_context = \"c1\"\n"
                       "auth_age = \"5m\"\ntimezone = \"Europe/Berlin\"\n"
                       "hours = [\"Mon..Fri 08:00-18:00\"]\n"
                       "[role.web.justification]\nrequired = true\npattern = \"^INC-[0-9]+\"\n"
                       "[role.web.limits]\nper_day = \"4h\"\ncooldown = \"5m\"\nmax_active = 3\n");
}

void before_the_sign_in_it_is_said_what_that_will_tell(void **)
{
    assert_text(argued(full_policy(), {"web", {}, {}, true, {"pts/0", {}}}, alice()),
                "hosts: met: this host is web01.example.org, its tags are prod\n"
                "conditions.tty: met: there is a terminal\n"
                "person: met: alice is a11ce000-0000-4000-8000-000000000001\n"
                "requesters: later: no entry is met without a sign-in, which may show a group or a "
                "role\n"
                "conditions.guests: later: the sign-in will tell\n"
                "conditions.auth_context: later: the sign-in will tell\n"
                "conditions.auth_age: later: the sign-in will tell\n"
                "justification: later: a reason will be asked for\n"
                "max_duration: met: 30m of 1h\n"
                "conditions.hours: met: it is Fri 2026-11-27 13:00 Europe/Berlin, open for 30m\n"
                "limits.cooldown: met: none runs\n"
                "limits.per_day: met: 4h of 4h left today\n"
                "limits.max_active: met: 0 of 3 have it\n");
}

void after_it_every_rule_is_met_or_not(void **)
{
    Person person = signed_in_alice(std::vector<std::string>{std::string{group_id}});
    person.contexts = {"c1", "c2"};
    person.auth_age = 90s;
    assert_text(
        argued(full_policy(), {"web", 30min, "INC-7", false, {"pts/0", {}}}, person),
        "hosts: met: this host is web01.example.org, its tags are prod\n"
        "conditions.tty: met: there is a terminal\n"
        "person: met: alice is a11ce000-0000-4000-8000-000000000001\n"
        "requesters: met: group:3d0c5e5a-1111-4222-8333-444455556666\n"
        "conditions.guests: met: no guest\n"
        "conditions.auth_context: met: wanted c1, the sign-in has c1, c2\n"
        "conditions.auth_age: met: at most 5m, the sign-in is 1m30s old, all slack taken off\n"
        "justification: met: the reason will do\n"
        "max_duration: met: 30m of 1h\n"
        "conditions.hours: met: it is Fri 2026-11-27 13:00 Europe/Berlin, open for 30m\n"
        "limits.cooldown: met: none runs\n"
        "limits.per_day: met: 4h of 4h left today\n"
        "limits.max_active: met: 0 of 3 have it\n");
}

// All of them, and not only the first, which is the refusal.
void all_that_is_not_met_is_said(void **)
{
    Person person = signed_in_alice(std::vector<std::string>{});
    person.is_guest = true;
    const Use use{{{noon + 6h, noon + 7h}, {noon + 7h, noon + 10h + 59min}}, 3};
    assert_text(argued(full_policy(), {"web", 2h, "why\n", false, {}}, person, use, noon + 11h),
                "hosts: met: this host is web01.example.org, its tags are prod\n"
                "conditions.tty: unmet: there is no terminal\n"
                "person: met: alice is a11ce000-0000-4000-8000-000000000001\n"
                "requesters: unmet: none of the 2 entries is met\n"
                "conditions.guests: unmet: a guest of the tenant\n"
                "conditions.auth_context: unmet: wanted c1, the sign-in has none\n"
                "conditions.auth_age: unmet: at most 5m, the sign-in does not say\n"
                "justification: unmet: the reason is of another form than ^INC-[0-9]+\n"
                "max_duration: unmet: 2h of 1h\n"
                "conditions.hours: unmet: it is Sat 2026-11-28 00:00 Europe/Berlin\n"
                "limits.cooldown: unmet: until Sat 2026-11-28 00:04 Europe/Berlin\n"
                "limits.per_day: met: 4h of 4h left today\n"
                "limits.max_active: unmet: 3 of 3 have it\n");
}

void a_person_is_known_will_be_or_is_nobody(void **)
{
    const Policy policy = role_policy("");
    const auto person_line = [&](const Person &person) {
        const std::string all = argued(policy, {"web", {}, {}, false, {}}, person);
        const std::size_t from = all.find("person: ");
        return all.substr(from, all.find('\n', from) - from);
    };
    Person person = alice();
    person.oid.clear();
    assert_text(person_line(person),
                "person: unmet: alice is nobody's user: no entry in [users] map");
    person.found_by_sign_in = true;
    assert_text(person_line(person), "person: later: the sign-in has to be that of alice");
    person = alice();
    person.user = "a\x1b[2J\nb";
    assert_text(person_line(person),
                "person: met: a?[2J?b is a11ce000-0000-4000-8000-000000000001");
}

void groups_that_are_not_known_are_said_to_be_so(void **)
{
    const auto line = [](const Person &person) {
        return argued(group_policy(), {"web", {}, {}, false, {}}, person);
    };
    assert_true(
        holds(line(signed_in_alice(std::nullopt)),
              "requesters: unmet: the sign-in says nothing of the groups that are listed\n"));
    assert_true(holds(line(signed_in_alice(std::vector<std::string>{})),
                      "requesters: unmet: none of the 1 entries is met\n"));
}

// Nobody signs in for it; who has done so all the same is judged by it.
void regress_a_guest_is_argued_against_where_nobody_approves(void **)
{
    const Policy policy =
        role_policy("[role.web.approval]\nmode = \"auto\"\naccept_unattended = true\n");
    Person person = alice();
    person.is_guest = true;
    const Ask ask{"web", {}, {}, false, {}};
    assert_false(holds(argued(policy, ask, person), "guests"));
    person.signed_in = true;
    assert_true(decide(policy, ask, person, host, {}, noon).refusal == Refusal::guest);
    assert_true(
        holds(argued(policy, ask, person), "conditions.guests: unmet: a guest of the tenant\n"));
}

void who_approves_then_is_said_last(void **)
{
    const auto last = [](std::string_view lines) {
        const Policy policy = role_policy("[role.web.approval]\n" + std::string{lines});
        const auto findings =
            argue(policy.roles[0], {"web", {}, {}, false, {}}, alice(), host, {}, noon);
        assert_text(std::string{findings.back().rule}, "approval");
        assert_text(findings.back().text, approval_of(policy.roles[0], alice().oid));
        return std::string{name_of(findings.back().verdict)} + ": " + findings.back().text;
    };
    assert_text(last("mode = \"self\""), "unset: ");
    assert_text(last("mode = \"auto\"\naccept_unattended = true"), "unset: ");
    const std::string bob = "\"user:b0b00000-0000-4000-8000-000000000002\"";
    const std::string carol = "\"user:ca501000-0000-4000-8000-000000000003\"";
    const std::string group = "\"group:" + std::string{group_id} + "\"";
    const auto by = [&](const std::string &list) {
        return last("mode = \"approver\"\napprovers = [" + list);
    };
    assert_text(by(bob + "]"), "later: then a second person of 1 approver approves");
    assert_text(by(bob + "," + carol + "]\nquorum = 2"),
                "later: then 2 other people of 2 approvers approve");
    assert_text(by(group + "]"), "later: then a second person of those in 1 group approves");
    assert_text(by(bob + "," + group + "]\nquorum = 3"),
                "later: then 3 other people of 1 approver and those in 1 group approve");
    // Nobody approves what he asks for himself, so the requester is not one of them.
    const std::string self = "\"user:" + alice().oid + "\"";
    assert_text(by(bob + "," + self + "]"), "later: then a second person of 1 approver approves");
    assert_text(by(self + "," + group + "]"),
                "later: then a second person of those in 1 group approves");
    const std::string pim = "pim_group = \"" + std::string{group_id} + "\"";
    assert_text(last("mode = \"pim\"\n" + pim),
                "later: then PIM activation of group " + std::string{group_id});
    assert_text(last("mode = \"watch\"\n" + pim),
                "later: then PIM activation of group " + std::string{group_id} +
                    ", made in Entra by the person, and seen by this host");
}

// As nobody signs in, nothing is left to that.
void who_is_watched_is_argued_about_as_one_who_does_not_sign_in(void **)
{
    const Policy policy = role_policy("[role.web.approval]\nmode = \"watch\"\npim_group = \"" +
                                      std::string{group_id} + "\"\n");
    const Ask ask{"web", {}, {}, false, {}};
    const std::string all = argued(policy, ask, alice());
    assert_false(holds(all, "guests") || holds(all, "sign-in"));
    const Decision decision = decide(policy, ask, alice(), host, {}, noon);
    assert_false(decision.is_refused() || decision.needs_sign_in);
    Person unknown = alice();
    unknown.oid.clear();
    unknown.found_by_sign_in = true;
    const Decision refused = decide(policy, ask, unknown, host, {}, noon);
    assert_true(refused.refusal == Refusal::no_person);
    assert_text(explain(refused, "web", "alice"),
                "alice has no entry in [users] map of /etc/jit/jitd.toml, and nobody signs in for "
                "role \"web\", so no person can stand behind the request; root can write the "
                "entry, or, with match = \"upn\", alice can sign in once for another role");
    assert_true(holds(argued(policy, ask, unknown), "person: unmet: "));
}

void what_is_left_of_a_budget_is_that_of_the_day(void **)
{
    const Policy policy = role_policy("[role.web.limits]\nper_day = \"4h\"\n");
    const Ask ask{"web", {}, {}, false, {}};
    const auto line = [&](const Use &use) { return argued(policy, ask, alice(), use); };
    assert_true(holds(line({}), "limits.per_day: met: 4h of 4h left today\n"));
    assert_true(holds(line({{{noon - 2h, noon - 30min}}, 0}),
                      "limits.per_day: met: 2h30m of 4h left today\n"));
    assert_true(
        holds(line({{{noon - 5h, noon}}, 0}), "limits.per_day: unmet: nothing of 4h left today\n"));
    assert_true(
        holds(line({{{noon - 36h, noon - 24h}}, 0}), "limits.per_day: met: 4h of 4h left today\n"));
}

void whose_account_may_ask_is_argued(void **)
{
    const Role plain = role_policy("").roles[0];
    const Role open = role_policy("allow_system_accounts = true\n").roles[0];
    const auto say = [](const Role &role, std::optional<unsigned> uid, bool is_by_name) {
        const Finding found = argue_uid(role, "pg", uid, is_by_name);
        assert_text(std::string{found.rule}, "allow_system_accounts");
        if (uid)
            assert_int_equal(takes_uid(role, *uid, is_by_name), found.verdict != Verdict::unmet);
        return std::string{name_of(found.verdict)} + ": " + found.text;
    };
    assert_text(say(plain, 1000, false), "unset: ");
    assert_text(say(plain, 1000, true), "unset: ");
    assert_text(say(plain, std::nullopt, false),
                "later: this host has no user pg, whose UID would tell");
    assert_text(say(plain, 999, false), "unmet: pg, of UID 999, is a system account, and the role "
                                        "does not say allow_system_accounts");
    assert_text(say(open, 999, false), "met: pg, of UID 999, is a system account");
    assert_text(say(open, 999, true), "unmet: pg, of UID 999, is a system account, and those are "
                                      "matched by [users] map alone");
    assert_text(say(open, 0, false),
                "unmet: pg, of UID 0, is root, who has all that a role could give");
}

void what_a_grant_opens_is_argued(void **)
{
    const auto say = [](const std::string &lines, const char *account) {
        const Finding found = argue_doors(role_policy(lines).roles[0], account);
        assert_text(std::string{found.rule}, "accounts");
        return std::string{name_of(found.verdict)} + ": " + found.text;
    };
    assert_text(say("", "alice"), "met: it opens sudo, sudo-i to alice");
    assert_text(say("accounts = [\"*\", \"!alice\"]\n", "alice"),
                "unmet: alice is not among them, so it does not open sudo, sudo-i to alice");
    assert_text(say("accounts = [\"*\", \"!alice\"]\n", "bob"),
                "met: it opens sudo, sudo-i to bob");
}

// Whom root has named is known once somebody has signed in to a shared account.
void regress_nobody_is_vouched_for_who_has_not_come(void **)
{
    Role role = role_policy("").roles[0];
    role.shared = true;
    role.allow_root_equivalent = true;
    const auto say = [&](const Person &person) {
        for (const Finding &one : argue(role, {"web", {}, {}, false, {}}, person, host, {}, noon))
            if (one.rule == "allow_root_equivalent")
                return std::string{name_of(one.verdict)} + ": " + one.text;
        return std::string{};
    };
    Person person = alice();
    assert_text(say(person),
                "later: whether root has said who he is, that depends on who signs in");
    person.signed_in = true;
    person.is_vouched = true;
    assert_text(say(person), "met: root has said who " + person.oid + " is");
    person.is_vouched = false;
    assert_text(say(person), "unmet: root has not said who " + person.oid + " is");
}

void a_verdict_has_a_name(void **)
{
    assert_text(std::string{name_of(Verdict::met)}, "met");
    assert_text(std::string{name_of(Verdict::unmet)}, "unmet");
    assert_text(std::string{name_of(Verdict::later)}, "later");
    assert_text(std::string{name_of(Verdict::unset)}, "unset");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(before_the_sign_in_it_is_said_what_that_will_tell),
        cmocka_unit_test(after_it_every_rule_is_met_or_not),
        cmocka_unit_test(all_that_is_not_met_is_said),
        cmocka_unit_test(a_person_is_known_will_be_or_is_nobody),
        cmocka_unit_test(groups_that_are_not_known_are_said_to_be_so),
        cmocka_unit_test(regress_a_guest_is_argued_against_where_nobody_approves),
        cmocka_unit_test(who_approves_then_is_said_last),
        cmocka_unit_test(who_is_watched_is_argued_about_as_one_who_does_not_sign_in),
        cmocka_unit_test(what_is_left_of_a_budget_is_that_of_the_day),
        cmocka_unit_test(whose_account_may_ask_is_argued),
        cmocka_unit_test(what_a_grant_opens_is_argued),
        cmocka_unit_test(regress_nobody_is_vouched_for_who_has_not_come),
        cmocka_unit_test(a_verdict_has_a_name),
    };
    return cmocka_run_group_tests_name("policy/argue", tests, nullptr, nullptr);
}
