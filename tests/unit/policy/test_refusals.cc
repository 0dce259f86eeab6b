// What a request must come with besides a person: its place, its reason, and what is left of
// limits.
#include "tests/unit/cmocka_cpp.h"

#include "policy/unmet.h"
#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;
using namespace std::chrono_literals;
using jit::WallTime;

namespace {

Ask ask_web(std::string_view reason = {}, Whence whence = {})
{
    return {"web", std::nullopt, reason, false, whence};
}

Refusal refusal_of(const Policy &policy, const Ask &ask, const Person &person = alice(),
                   const Use &use = {}, WallTime now = noon)
{
    return decide(policy, ask, person, host, use, now).refusal;
}

// --- the place -----------------------------------------------------------------------------------

void who_has_no_terminal_is_refused_where_one_is_asked_for(void **)
{
    const Policy policy = role_policy("[role.web.conditions]\ntty = true");
    assert_true(refusal_of(policy, ask_web()) == Refusal::no_terminal);
    assert_true(refusal_of(policy, ask_web({}, {"", "10.0.0.1"})) == Refusal::no_terminal);
    assert_true(refusal_of(policy, ask_web({}, {"pts/0", ""})) == Refusal::none);
    assert_true(refusal_of(role_policy(""), ask_web()) == Refusal::none);
}

// No service of this version is reached from an address, so the role is made by hand.
void who_comes_from_elsewhere_is_refused(void **)
{
    Policy policy = role_policy("");
    policy.roles[0].conditions.from = {*parse_network("10.0.0.0/8"), *parse_network("fd00::/8")};
    const auto from = [&](std::string_view rhost) {
        return refusal_of(policy, ask_web({}, {"pts/0", rhost}));
    };
    for (const char *there :
         {"10.0.0.1", "10.255.255.255", "::ffff:10.1.2.3", "fd00::1", "fdff::1%eth0"})
        assert_true(from(there) == Refusal::none);
    // What is no address is nowhere.
    for (const char *elsewhere : {"", "11.0.0.1", "fe00::1", "::", "::ffff:11.0.0.1", "localhost",
                                  "10.0.0.1.example.org", "10.0.0.1 ", "10.1", "010.0.0.1"})
        assert_true(from(elsewhere) == Refusal::wrong_place);
    const Role &role = policy.roles[0];
    assert_true(find_out_of_place(role, {}) == Refusal::wrong_place);
    assert_true(find_out_of_place(role, {{}, "10.0.0.1"}) == Refusal::none);
    policy.roles[0].conditions.tty = true;
    assert_true(find_out_of_place(role, {{}, "10.0.0.1"}) == Refusal::no_terminal);
    assert_true(find_out_of_place(role, {"tty1", ""}) == Refusal::wrong_place);
}

// --- the person ----------------------------------------------------------------------------------

void a_role_as_good_as_root_is_only_for_whom_root_vouches_for(void **)
{
    const Policy policy = role_policy("allow_root_equivalent = true\n[role.web.conditions]\n"
                                      "accept_stale_signin = true\n[role.web.limits]\n"
                                      "per_day = \"2h\"");
    Person person = alice();
    assert_true(refusal_of(policy, ask_web(), person) == Refusal::not_vouched);
    person.signed_in = true;
    assert_true(refusal_of(policy, ask_web(), person) == Refusal::not_vouched);
    person.is_vouched = true;
    assert_true(refusal_of(policy, ask_web(), person) == Refusal::none);
    assert_true(refusal_of(role_policy(""), ask_web(), alice()) == Refusal::none);
    // Whom a sign-in has yet to find, root has not seen.
    Person later;
    later.user = "alice";
    later.found_by_sign_in = true;
    assert_true(refusal_of(policy, ask_web(), later) == Refusal::not_vouched);
}

void a_role_without_approval_is_for_persons_who_are_known_now(void **)
{
    const Policy policy = role_policy("[role.web.approval]\nmode = \"auto\"\n"
                                      "accept_unattended = true");
    const Decision decision = decide(policy, ask_web(), alice(), host, {}, noon);
    assert_false(decision.is_refused());
    assert_false(decision.needs_sign_in);
    assert_true(decide(role_policy(""), ask_web(), alice(), host, {}, noon).needs_sign_in);
    Person person;
    person.user = "alice";
    person.found_by_sign_in = true; // which there will be none of
    assert_true(refusal_of(policy, ask_web(), person) == Refusal::no_person);
    assert_true(refusal_of(role_policy(""), ask_web(), person) == Refusal::none);
    person.oid = "b0b00000-0000-4000-8000-000000000002";
    assert_true(refusal_of(policy, ask_web(), person) == Refusal::not_requester);
}

// --- the reason ----------------------------------------------------------------------------------

void who_gives_no_reason_is_refused_where_one_is_required(void **)
{
    const Policy policy = role_policy("[role.web.justification]\nrequired = true");
    assert_true(refusal_of(policy, ask_web()) == Refusal::no_reason);
    assert_true(refusal_of(policy, ask_web("x")) == Refusal::none);
    // Not before he could be asked for one.
    Ask door = ask_web();
    door.may_add_reason = true;
    assert_true(refusal_of(policy, door) == Refusal::none);
    assert_true(refusal_of(role_policy(""), ask_web()) == Refusal::none);
}

void a_reason_must_have_the_form_that_is_demanded(void **)
{
    const std::string form = "[role.web.justification]\npattern = '^INC-[0-9]+'";
    const Policy policy = role_policy(form);
    assert_true(refusal_of(policy, ask_web("INC-7: restart")) == Refusal::none);
    assert_true(refusal_of(policy, ask_web("restart")) == Refusal::other_reason);
    assert_true(refusal_of(policy, ask_web(" INC-7")) == Refusal::other_reason);
    assert_true(refusal_of(policy, ask_web("\nINC-7")) == Refusal::other_reason);
    // Nobody has to give one here, and whoever does, gives a right one.
    assert_true(refusal_of(policy, ask_web()) == Refusal::none);
    const Policy both = role_policy(form + "\nrequired = true");
    assert_true(refusal_of(both, ask_web()) == Refusal::no_reason);
    assert_true(refusal_of(both, ask_web("restart")) == Refusal::other_reason);
    Ask given = ask_web("restart");
    given.may_add_reason = true;
    assert_true(refusal_of(both, given) == Refusal::other_reason);
}

// --- the limits ----------------------------------------------------------------------------------

void what_is_left_of_the_day_is_granted_and_then_no_more(void **)
{
    const Policy policy = role_policy("[role.web.limits]\nper_day = \"2h\"\n");
    const auto after = [&](std::chrono::seconds had) {
        return decide(policy, ask_web(), alice(), host, {{{noon - had, noon}}, 0}, noon);
    };
    assert_true(after(0s).duration == 30min);
    assert_true(after(90min).duration == 30min);
    assert_true(after(100min).duration == 20min);
    assert_true(after(2h - 1s).duration == 1s);
    const Decision used = after(2h);
    assert_true(used.refusal == Refusal::used_up && used.duration == 0s);
    assert_true(used.again == noon + 12h);
    // The day is the zone's.
    const Policy berlin = role_policy("[role.web.conditions]\ntimezone = \"Europe/Berlin\"\n"
                                      "[role.web.limits]\nper_day = \"2h\"\n");
    assert_true(decide(berlin, ask_web(), alice(), host, {{{noon - 2h, noon}}, 0}, noon).again ==
                noon + 11h);
}

void a_cooldown_is_waited_for(void **)
{
    const Policy policy = role_policy("[role.web.limits]\ncooldown = \"5m\"\n");
    const Use use{{{noon - 1h, noon}}, 0};
    const Decision cooling = decide(policy, ask_web(), alice(), host, use, noon + 1min);
    assert_true(cooling.refusal == Refusal::cooling && cooling.again == noon + 5min);
    assert_true(refusal_of(policy, ask_web(), alice(), use, noon + 5min) == Refusal::none);
    // Nobody waits for one who has it.
    assert_true(refusal_of(policy, ask_web(), alice(), use, noon - 1s) == Refusal::none);
}

void people_at_once_are_counted_with_the_one_who_asks(void **)
{
    const Policy policy = role_policy("[role.web.limits]\nmax_active = 2\n");
    assert_true(refusal_of(policy, ask_web(), alice(), {{}, 1}) == Refusal::none);
    assert_true(refusal_of(policy, ask_web(), alice(), {{}, 2}) == Refusal::no_place);
    assert_false(decide(policy, ask_web(), alice(), host, {{}, 2}, noon).again.has_value());
    const Use own{{{noon - 1h, noon + 1h}}, 1};
    assert_true(refusal_of(policy, ask_web(), alice(), own) == Refusal::none);
}

void the_shortest_of_all_that_bounds_a_grant_counts(void **)
{
    const Policy policy = role_policy("[role.web.conditions]\nhours = [\"08:00-12:20\"]\n"
                                      "[role.web.limits]\nper_day = \"1h\"\n");
    const auto with = [&](std::chrono::seconds asked, std::chrono::seconds had) {
        Ask ask = ask_web();
        ask.duration = asked;
        return decide(policy, ask, alice(), host, {{{noon - had, noon}}, 0}, noon).duration;
    };
    assert_true(with(10min, 0s) == 10min);
    assert_true(with(1h, 0s) == 20min);
    assert_true(with(1h, 50min) == 10min);
    assert_true(with(5min, 50min) == 5min);
}

// --- the order -----------------------------------------------------------------------------------

void every_refusal_comes_in_the_order_of_the_list(void **)
{
    // Everything is wrong, then one thing after the other is put right.
    Policy policy = role_policy("hosts = [\"db*\"]\nallow_root_equivalent = true\n"
                                "requesters = [\"group:3d0c5e5a-1111-4222-8333-444455556666\"]\n"
                                "[role.web.conditions]\ntty = true\nauth_context = \"c1\"\n"
                                "auth_age = \"10m\"\nhours = [\"13:00-14:00\"]\n"
                                "[role.web.justification]\nrequired = true\npattern = 'INC'\n"
                                "[role.web.limits]\nper_day = \"1h\"\ncooldown = \"5m\"\n"
                                "max_active = 1\n");
    policy.roles[0].conditions.from = {*parse_network("10.0.0.0/8")};
    Host where = host;
    WallTime now = noon;
    Person person;
    person.user = "alice";
    person.signed_in = true;
    person.group_overage = true;
    person.is_guest = true;
    Use use{{{noon - 1h, noon}}, 1};
    Ask ask{"wev", 2h, {}, false, {}};
    const auto refused = [&](Refusal should) {
        const Decision is = decide(policy, ask, person, where, use, now);
        if (is.refusal != should)
            print_error("%s instead of %s\n", std::string{name_of(is.refusal)}.c_str(),
                        std::string{name_of(should)}.c_str());
        assert_true(is.refusal == should);
        assert_true(should == Refusal::none || is.duration == 0s);
    };
    refused(Refusal::unknown_role);
    ask.role = "web";
    refused(Refusal::wrong_host);
    where.name = "db1";
    refused(Refusal::no_terminal);
    ask.whence.tty = "pts/0";
    refused(Refusal::wrong_place);
    ask.whence.rhost = "10.0.0.1";
    refused(Refusal::no_person);
    person.oid = alice_id;
    refused(Refusal::not_vouched);
    person.is_vouched = true;
    refused(Refusal::group_overage);
    person.group_overage = false;
    refused(Refusal::groups_unknown);
    person.groups = std::vector<std::string>{};
    refused(Refusal::not_requester);
    person.groups = std::vector<std::string>{std::string{group_id}};
    refused(Refusal::guest);
    person.is_guest = false;
    refused(Refusal::no_context);
    person.contexts = {"c1"};
    refused(Refusal::stale_sign_in);
    person.auth_age = 1min;
    refused(Refusal::no_reason);
    ask.reason = "because";
    refused(Refusal::other_reason);
    ask.reason = "INC-1";
    refused(Refusal::too_long);
    ask.duration = 1h;
    refused(Refusal::outside_hours);
    now = noon + 1h;
    use.spells[0].until = now;
    refused(Refusal::cooling);
    now += 5min;
    refused(Refusal::used_up);
    use.spells[0].since = now - 20min;
    refused(Refusal::no_place);
    use.others_active = 0;
    refused(Refusal::none);
    const Decision granted = decide(policy, ask, person, where, use, now);
    assert_true(granted.duration == 45min); // of the budget; the hours would leave 55
    assert_false(granted.needs_sign_in);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_has_no_terminal_is_refused_where_one_is_asked_for),
        cmocka_unit_test(who_comes_from_elsewhere_is_refused),
        cmocka_unit_test(a_role_as_good_as_root_is_only_for_whom_root_vouches_for),
        cmocka_unit_test(a_role_without_approval_is_for_persons_who_are_known_now),
        cmocka_unit_test(who_gives_no_reason_is_refused_where_one_is_required),
        cmocka_unit_test(a_reason_must_have_the_form_that_is_demanded),
        cmocka_unit_test(what_is_left_of_the_day_is_granted_and_then_no_more),
        cmocka_unit_test(a_cooldown_is_waited_for),
        cmocka_unit_test(people_at_once_are_counted_with_the_one_who_asks),
        cmocka_unit_test(the_shortest_of_all_that_bounds_a_grant_counts),
        cmocka_unit_test(every_refusal_comes_in_the_order_of_the_list),
    };
    return cmocka_run_group_tests_name("policy/refusals", tests, nullptr, nullptr);
}
