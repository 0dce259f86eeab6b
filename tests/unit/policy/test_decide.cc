#include "tests/unit/cmocka_cpp.h"

#include <utility>

#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;
using jit::WallTime;
using namespace std::chrono_literals;

namespace {

std::size_t gates(const Policy &policy, std::string service, std::vector<std::string> names)
{
    return gating_roles(policy, {std::move(service), std::move(names)}).size();
}

void decide_lets_the_requester_of_the_readme_in_after_sign_in_only(void **)
{
    const Policy policy = group_policy();
    const Decision before = decide_on(policy, "web", alice(), host, noon, std::nullopt);
    assert_false(before.is_refused());
    assert_true(before.needs_sign_in);
    assert_true(before.role == policy.find("web"));
    assert_true(before.duration == 30min);

    const Decision after =
        decide_on(policy, "web", signed_in_alice({{std::string{group_id}}}), host, noon, 1h);
    assert_false(after.is_refused());
    assert_false(after.needs_sign_in);
    assert_true(after.duration == 1h);

    const Decision other = decide_on(policy, "web", signed_in_alice({{"other"}}), host, noon, 1h);
    assert_true(other.refusal == Refusal::not_requester);
}

void decide_refuses_an_unknown_role(void **)
{
    const Policy policy = group_policy();
    for (const char *name : {"", "we", "web ", "WEB", "webs"}) {
        const Decision decision = decide_on(policy, name, alice(), host, noon, std::nullopt);
        assert_true(decision.refusal == Refusal::unknown_role);
        assert_null(decision.role);
    }
    assert_true(decide_on({}, "web", alice(), host, noon, {}).refusal == Refusal::unknown_role);
}

void decide_refuses_in_the_agreed_order(void **)
{
    // Everything is wrong, then one thing after the other is put right.
    const Policy policy = role_policy("hosts = [\"db*\"]");
    Person nobody;
    assert_true(decide_on(policy, "x", nobody, host, noon, 2h).refusal == Refusal::unknown_role);
    assert_true(decide_on(policy, "web", nobody, host, noon, 2h).refusal == Refusal::wrong_host);
    const Host db{"db1", {}};
    assert_true(decide_on(policy, "web", nobody, db, noon, 2h).refusal == Refusal::no_person);
    nobody.oid = "b0b00000-0000-4000-8000-000000000002";
    assert_true(decide_on(policy, "web", nobody, db, noon, 2h).refusal == Refusal::not_requester);
    nobody.oid = alice_id;
    assert_true(decide_on(policy, "web", nobody, db, noon, 2h).refusal == Refusal::too_long);
    assert_true(decide_on(policy, "web", nobody, db, noon, 1h).refusal == Refusal::none);
}

void decide_refuses_a_second_more_than_max_duration(void **)
{
    const Policy policy = role_policy("");
    assert_true(decide_on(policy, "web", alice(), host, noon, 1h).duration == 1h);
    const Decision more = decide_on(policy, "web", alice(), host, noon, 1h + 1s);
    assert_true(more.refusal == Refusal::too_long);
    assert_true(more.duration == 0s);
    assert_true(decide_on(policy, "web", alice(), host, noon, 0s).duration == 1s);
    assert_true(decide_on(policy, "web", alice(), host, noon, -5s).duration == 1s);
    assert_true(
        decide_on(policy, "web", alice(), host, noon, std::chrono::seconds::min()).duration == 1s);
    assert_true(
        decide_on(policy, "web", alice(), host, noon, std::chrono::seconds::max()).is_refused());
}

void decide_says_overage_only_where_a_group_could_be_hidden(void **)
{
    Person person = signed_in_alice(std::nullopt);
    person.group_overage = true;
    assert_true(decide_on(group_policy(), "web", person, host, noon, {}).refusal ==
                Refusal::group_overage);

    const Policy by_role = role_policy("requesters = [\"approle:Elevate.Web\"]");
    assert_true(decide_on(by_role, "web", person, host, noon, {}).refusal ==
                Refusal::not_requester);
    person.app_roles = {"Elevate.Web"};
    assert_true(decide_on(by_role, "web", person, host, noon, {}).refusal == Refusal::none);

    person.signed_in = false; // claims of nobody's token count for nothing
    assert_true(decide_on(group_policy(), "web", person, host, noon, {}).refusal == Refusal::none);
    assert_true(standing_of(*by_role.find("web"), person) == Standing::needs_sign_in);
}

void decide_does_not_take_an_absent_group_claim_for_no_group(void **)
{
    const Policy policy = group_policy();
    assert_true(decide_on(policy, "web", signed_in_alice(std::nullopt), host, noon, {}).refusal ==
                Refusal::groups_unknown);
    assert_true(
        decide_on(policy, "web", signed_in_alice(std::vector<std::string>{}), host, noon, {})
            .refusal == Refusal::not_requester);
}

void groups_are_in_doubt_only_where_they_would_decide(void **)
{
    const Policy policy = group_policy();
    const Role &role = *policy.find("web");
    Person person = signed_in_alice(std::nullopt);
    const auto doubt = groups_in_doubt(role, person);
    assert_int_equal(doubt.size(), 1);
    person.groups = doubt;
    assert_true(groups_in_doubt(role, person).empty());
    person.groups = std::vector<std::string>{};
    assert_true(groups_in_doubt(role, person).empty());
    person.group_overage = true;
    assert_int_equal(groups_in_doubt(role, person).size(), 1);
    person.signed_in = false;
    assert_true(groups_in_doubt(role, person).empty());

    const Policy by_user = role_policy("");
    assert_true(groups_in_doubt(*by_user.find("web"), signed_in_alice(std::nullopt)).empty());
}

void decide_lets_only_a_sign_in_in_that_meets_each_condition(void **)
{
    const Policy policy = role_policy("[role.web.conditions]\nauth_context = \"c1\"\n"
                                      "auth_age = \"10m\"\n");
    const auto refusal_of = [&](const Person &person) {
        return decide_on(policy, "web", person, host, noon, {}).refusal;
    };
    Person person = signed_in_alice(std::vector<std::string>{});
    assert_true(refusal_of(person) == Refusal::no_context);
    person.contexts = {"c2", "C1", "c11"};
    assert_true(refusal_of(person) == Refusal::no_context);
    person.contexts = {"c2", "c1"};
    assert_true(refusal_of(person) == Refusal::stale_sign_in); // it does not say how old it is
    person.auth_age = 10min + 1s;
    assert_true(refusal_of(person) == Refusal::stale_sign_in);
    person.auth_age = 10min;
    assert_true(refusal_of(person) == Refusal::none);
    person.auth_age = -5s;
    assert_true(refusal_of(person) == Refusal::none);
    person.is_guest = true;
    assert_true(refusal_of(person) == Refusal::guest);
    // Before the sign-in there is nothing to be seen.
    person.signed_in = false;
    assert_true(refusal_of(person) == Refusal::none);

    const Policy open = role_policy("[role.web.conditions]\nguests = true\n");
    person = signed_in_alice(std::vector<std::string>{});
    person.is_guest = true;
    assert_true(decide_on(open, "web", person, host, noon, {}).refusal == Refusal::none);
}

void decide_waits_for_the_sign_in_to_find_the_person(void **)
{
    const Policy policy = role_policy(""); // her object id
    Person person = alice();
    const std::string oid = std::exchange(person.oid, std::string{});
    assert_true(decide_on(policy, "web", person, host, noon, {}).refusal == Refusal::no_person);
    person.found_by_sign_in = true;
    assert_true(decide_on(policy, "web", person, host, noon, {}).refusal == Refusal::none);
    assert_true(standing_of(*policy.find("web"), person) == Standing::needs_sign_in);
    person.signed_in = true; // and nobody was found
    assert_true(decide_on(policy, "web", person, host, noon, {}).refusal == Refusal::no_person);
    person.oid = "b0b00000-0000-4000-8000-000000000004";
    assert_true(decide_on(policy, "web", person, host, noon, {}).refusal == Refusal::not_requester);
    person.oid = oid;
    assert_true(decide_on(policy, "web", person, host, noon, {}).refusal == Refusal::none);
}

void standing_knows_strangers_without_a_sign_in_where_it_can(void **)
{
    const Policy local = role_policy("requesters = [\"local-group:engineers\", "
                                     "\"user:a11ce000-0000-4000-8000-000000000001\"]");
    const Role &role = local.roles[0];
    Person person;
    person.user = "bob";
    person.oid = "b0b00000-0000-4000-8000-000000000002";
    assert_true(standing_of(role, person) == Standing::stranger);
    person.local_groups = {"engineers"};
    assert_true(standing_of(role, person) == Standing::requester);
    person.local_groups = {"Engineers", "engineer", ""};
    assert_true(standing_of(role, person) == Standing::stranger);
    person.oid = "A11CE000-0000-4000-8000-000000000001";
    assert_true(standing_of(role, person) == Standing::requester);
    person.oid = "";
    assert_true(standing_of(role, person) == Standing::stranger);
}

void standing_compares_other_ids_byte_by_byte(void **)
{
    const ParsedPolicy parsed = parse_one(role_with("requesters = [\"user:AbC\"]"), false);
    assert_true(parsed.policy.has_value());
    Person person = alice();
    person.oid = "AbC";
    assert_true(standing_of(parsed.policy->roles[0], person) == Standing::requester);
    person.oid = "abc";
    assert_true(standing_of(parsed.policy->roles[0], person) == Standing::stranger);
}

void standing_of_a_role_without_requesters_is_stranger(void **)
{
    Role role; // the parser never makes one
    assert_true(standing_of(role, signed_in_alice({{std::string{group_id}}})) ==
                Standing::stranger);
    role.requesters.push_back({Requester::Kind::user, ""});
    Person nobody;
    assert_true(standing_of(role, nobody) == Standing::stranger);
}

void standing_takes_a_group_of_another_case(void **)
{
    const Policy policy = group_policy();
    assert_true(
        standing_of(policy.roles[0], signed_in_alice({{"3D0C5E5A-1111-4222-8333-444455556666"}})) ==
        Standing::requester);
}

void a_role_is_for_every_host_unless_it_says_which(void **)
{
    struct Row {
        const char *hosts;
        bool is_for;
    };
    for (const Row &row : std::initializer_list<Row>{
             {"", true},
             {"hosts = [\"*\"]", true},
             {"hosts = [\"web*\"]", true},
             {"hosts = [\"WEB01.*\"]", true},
             {"hosts = [\"web01\"]", false},
             {"hosts = [\"web0?.example.org\"]", true},
             {"hosts = [\"db*\"]", false},
             {"hosts = [\"db*\", \"tag:prod\"]", true},
             {"hosts = [\"tag:test\"]", false},
             {"hosts = [\"tag:PROD\"]", false},
         })
        assert_true(is_for_host(role_policy(row.hosts).roles[0], host) == row.is_for);
    const Host nameless;
    assert_false(is_for_host(role_policy("hosts = [\"web*\"]").roles[0], nameless));
}

void sudo_covers_sudo_i_and_su_covers_su_l_and_not_the_other_way(void **)
{
    Role role;
    role.services = {"sudo"};
    assert_true(covers_service(role, "sudo"));
    assert_true(covers_service(role, "sudo-i"));
    assert_false(covers_service(role, "su"));
    assert_false(covers_service(role, ""));
    assert_false(covers_service(role, "sudo-"));
    role.services = {"sudo-i", "su"};
    assert_false(covers_service(role, "sudo"));
    assert_true(covers_service(role, "su-l"));
    role.services = {"su-l"};
    assert_false(covers_service(role, "su"));
    role.services = {};
    assert_false(covers_service(role, "sudo"));
}

void a_door_is_gated_by_any_name_of_its_account(void **)
{
    const Policy policy = role_policy("accounts = [\"alice\", \"svc-*\", \"!svc-x\"]");
    assert_int_equal(gates(policy, "sudo", {"alice"}), 1);
    assert_int_equal(gates(policy, "sudo-i", {"alice"}), 1);
    assert_int_equal(gates(policy, "su", {"alice"}), 0);
    assert_int_equal(gates(policy, "sudo", {"bob"}), 0);
    assert_int_equal(gates(policy, "sudo", {"bob", "alice"}), 1);
    assert_int_equal(gates(policy, "sudo", {"svc-a"}), 1);
    assert_int_equal(gates(policy, "sudo", {"svc-x"}), 0);
    assert_int_equal(gates(policy, "sudo", {"svc-x", "svc-y"}), 1);
    assert_int_equal(gates(policy, "sudo", {"Alice"}), 0);
}

void a_door_of_nobody_known_is_gated_by_every_role_of_its_service(void **)
{
    const Policy policy =
        policy_of(role_with("accounts = [\"alice\"]", "a") +
                  role_with("accounts = [\"bob\"]", "b") + role_with("services = [\"su\"]", "c"));
    assert_int_equal(gates(policy, "sudo", {}), 2);
    assert_int_equal(gates(policy, "su-l", {}), 1);
    assert_int_equal(gates(policy, "sshd", {}), 0);
}

// sshd_config(5) may have sshd ask by a name of the administrator's own (PAMServiceName).
void sshd_is_gated_by_whatever_name_it_asks(void **)
{
    const Policy policy = policy_of(role_with("services = [\"sshd\"]", "a") +
                                    role_with("services = [\"login\"]", "b"));
    for (const char *service : {"sshd", "sshd-jit", "sshd-"}) {
        assert_int_equal(gates(policy, service, {"alice"}), 1);
        assert_int_equal(gates(policy, service, {}), 1);
        assert_true(covers_service(policy.roles[0], service));
    }
    for (const char *service : {"sshdx", "ssh", "login-x", "remote"})
        assert_int_equal(gates(policy, service, {"alice"}), 0);
    assert_int_equal(gates(policy, "login", {"alice"}), 1);
}

void a_door_is_gated_on_hosts_where_nobody_may_open_it(void **)
{
    const Policy policy = role_policy("hosts = [\"elsewhere\"]");
    assert_int_equal(gates(policy, "sudo", {"alice"}), 1);
}

void a_negation_counts_in_any_order(void **)
{
    for (const char *accounts : {"[\"!ansible\", \"*\"]", "[\"*\", \"!ansible\"]"}) {
        const Policy policy = role_policy("accounts = " + std::string{accounts});
        assert_int_equal(gates(policy, "sudo", {"ansible"}), 0);
        assert_int_equal(gates(policy, "sudo", {"alice"}), 1);
    }
}

void hours_let_in_while_they_are_open_and_end_what_is_had(void **)
{
    const Policy policy = role_policy("[role.web.conditions]\n"
                                      "hours = [\"Mon..Fri 08:00-13:30\"]\n"
                                      "timezone = \"Europe/Berlin\"");
    const auto at = [&](WallTime now, std::chrono::seconds asked) {
        return decide_on(policy, "web", alice(), host, now, asked);
    };
    // Noon UTC is 13:00 in Berlin.
    assert_true(at(noon, 30min).refusal == Refusal::none);
    assert_true(at(noon, 30min).duration == 30min);
    assert_true(at(noon, 1h).refusal == Refusal::none);
    assert_true(at(noon, 1h).duration == 30min);
    assert_true(at(noon + 30min - 1s, 1h).duration == 1s);
    const Decision closed = at(noon + 30min, 1h);
    assert_true(closed.refusal == Refusal::outside_hours);
    assert_text(explain(closed, "web", "alice"),
                "role \"web\" is closed now: its conditions have hours, and opens "
                "Mon 2026-11-30 08:00 Europe/Berlin");
    assert_text(name_of(closed.refusal), "hours");
    // Who could not have it in its hours either is told that.
    assert_true(decide_on(policy, "web", Person{}, host, noon + 30min, 1h).refusal ==
                Refusal::no_person);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(decide_lets_the_requester_of_the_readme_in_after_sign_in_only),
        cmocka_unit_test(decide_refuses_an_unknown_role),
        cmocka_unit_test(decide_refuses_in_the_agreed_order),
        cmocka_unit_test(decide_refuses_a_second_more_than_max_duration),
        cmocka_unit_test(decide_says_overage_only_where_a_group_could_be_hidden),
        cmocka_unit_test(decide_does_not_take_an_absent_group_claim_for_no_group),
        cmocka_unit_test(groups_are_in_doubt_only_where_they_would_decide),
        cmocka_unit_test(decide_lets_only_a_sign_in_in_that_meets_each_condition),
        cmocka_unit_test(decide_waits_for_the_sign_in_to_find_the_person),
        cmocka_unit_test(standing_knows_strangers_without_a_sign_in_where_it_can),
        cmocka_unit_test(standing_compares_other_ids_byte_by_byte),
        cmocka_unit_test(standing_of_a_role_without_requesters_is_stranger),
        cmocka_unit_test(standing_takes_a_group_of_another_case),
        cmocka_unit_test(a_role_is_for_every_host_unless_it_says_which),
        cmocka_unit_test(sudo_covers_sudo_i_and_su_covers_su_l_and_not_the_other_way),
        cmocka_unit_test(a_door_is_gated_by_any_name_of_its_account),
        cmocka_unit_test(a_door_of_nobody_known_is_gated_by_every_role_of_its_service),
        cmocka_unit_test(sshd_is_gated_by_whatever_name_it_asks),
        cmocka_unit_test(a_door_is_gated_on_hosts_where_nobody_may_open_it),
        cmocka_unit_test(a_negation_counts_in_any_order),
        cmocka_unit_test(hours_let_in_while_they_are_open_and_end_what_is_had),
    };
    return cmocka_run_group_tests_name("policy/decide", tests, nullptr, nullptr);
}
