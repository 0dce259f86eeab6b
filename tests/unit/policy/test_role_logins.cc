// Roles of accounts that several people share: what may stand in one, and who is asked for.
#include "tests/unit/cmocka_cpp.h"

#include "policy/argue.h"
#include "policy/decide.h"
#include "tests/unit/policy/samples.h"

using namespace jit;
using namespace jit::policy;

namespace {

std::string role_of(const std::string &lines)
{
    return "[role.dba]\ngroups = [\"jit-dba\"]\nmax_duration = \"1h\"\n" + lines;
}

// What makes a good one; each line can be replaced.
std::string shared_role(const std::string &services = "services = [\"sshd\"]",
                        const std::string &requesters = "requesters = [\"group:" +
                                                        std::string{group_id} + "\"]",
                        const std::string &accounts = "accounts = [\"postgres\"]",
                        const std::string &more = "")
{
    return role_of(services + "\n" + requesters + "\n" + accounts + "\nshared = true\n" + more);
}

Role good(const std::string &text)
{
    const ParsedPolicy parsed = parse_one(text);
    assert_text(all_of(parsed.diagnostics), "");
    return parsed.policy->roles[0];
}

void expect_fault(const std::string &text, const char *words)
{
    const ParsedPolicy parsed = parse_one(text);
    assert_false(parsed.policy.has_value());
    const std::string said = all_of(parsed.diagnostics);
    if (said.find(words) == said.npos)
        assert_text(said, words);
}

void a_shared_account_is_named_and_its_logins_are_ssh_or_login(void **)
{
    const Role role = good(shared_role());
    assert_true(role.shared && role.reuse == Role::Reuse::none);
    assert_true(good(shared_role("services = [\"sshd\", \"login\"]")).shared);
    expect_fault(shared_role("services = [\"sshd\", \"sudo\"]"),
                 "a.toml:7:10: shared: is for logins");
    expect_fault(shared_role("services = [\"su\"]"), "shared: is for logins");
    expect_fault(shared_role(""), "shared: is for logins");
    expect_fault(shared_role("services = [\"sshd\"]", "requesters = [\"approle:Dba\"]", ""),
                 "shared: lets its requesters in as every account");
}

void what_people_run_as_one_account_is_not_ended_with_one_of_their_grants(void **)
{
    const std::string requesters = "requesters = [\"approle:Dba\"]";
    const std::string accounts = "accounts = [\"postgres\"]";
    expect_fault(shared_role("services = [\"sshd\"]", requesters, accounts,
                             "[role.dba.end]\naction = \"terminate\"\n"),
                 "a.toml:9:10: action: what people run as an account that they share");
    assert_true(good(shared_role("services = [\"sshd\"]", requesters, accounts,
                                 "[role.dba.end]\nwarn = [\"1m\"]\n"))
                    .shared);
}

void who_comes_is_known_by_a_sign_in_alone(void **)
{
    expect_fault(shared_role("services = [\"sshd\"]", "requesters = [\"local-group:dbas\"]"),
                 "requesters: local-group: says nothing");
    expect_fault(shared_role("services = [\"sshd\"]",
                             "requesters = [\"user:" + std::string{alice_id} + "\"]",
                             "accounts = [\"postgres\"]",
                             "[role.dba.approval]\nmode = \"auto\"\naccept_unattended = true\n"),
                 "shared: who comes is known by his sign-in alone");
}

void a_key_is_used_again_only_over_ssh_to_a_shared_account(void **)
{
    const std::string requesters = "requesters = [\"approle:Dba\"]";
    const std::string accounts = "accounts = [\"postgres\"]";
    assert_true(
        good(shared_role("services = [\"sshd\"]", requesters, accounts, "reuse = \"key\"\n"))
            .reuse == Role::Reuse::key);
    assert_true(
        good(shared_role("services = [\"sshd\"]", requesters, accounts, "reuse = \"none\"\n"))
            .reuse == Role::Reuse::none);
    expect_fault(shared_role("services = [\"login\"]", requesters, accounts, "reuse = \"key\"\n"),
                 "reuse: a key is seen over ssh alone");
    expect_fault(shared_role("services = [\"sshd\"]", requesters, accounts, "reuse = \"always\"\n"),
                 "reuse: ");
    expect_fault(role_of("services = [\"sshd\"]\n" + requesters + "\nreuse = \"key\"\n"),
                 "reuse: is for an account that people share");
    assert_false(good(role_of("services = [\"sshd\"]\n" + requesters +
                              "\nshared = false\nreuse = \"none\"\n"))
                     .shared);
}

struct Asking {
    explicit Asking(const std::string &text) { policy = *parse_one(text).policy; }
    Decision decide(const Person &person) const
    {
        Ask ask;
        ask.role = "dba";
        return policy::decide(policy, ask, person, {"db1", {}}, {}, WallTime{});
    }
    Policy policy;
};

// Root has mapped the account itself to somebody, and it is in a group here.
Person of_account()
{
    Person person;
    person.user = "postgres";
    person.oid = alice_id;
    person.is_vouched = true;
    person.local_groups = {"dbas"};
    return person;
}

void nothing_that_is_known_of_the_account_says_who_comes(void **)
{
    const Asking asking{shared_role("services = [\"sshd\"]",
                                    "requesters = [\"user:" + std::string{alice_id} + "\"]")};
    const Decision before = asking.decide(of_account());
    assert_true(before.refusal == Refusal::none && before.needs_sign_in);
    // Nor that nobody would be: an account that is in no map may be asked for.
    Person nobody;
    nobody.user = "postgres";
    assert_true(asking.decide(nobody).refusal == Refusal::none);

    Person bob = of_account();
    bob.signed_in = true;
    bob.oid = "b0b00000-0000-4000-8000-000000000004";
    assert_true(asking.decide(bob).refusal == Refusal::not_requester);
    bob.oid = alice_id;
    assert_true(asking.decide(bob).refusal == Refusal::none);
}

void as_good_as_root_it_wants_somebody_whom_root_has_named(void **)
{
    const Asking asking{shared_role(
        "services = [\"sshd\"]", "requesters = [\"user:" + std::string{alice_id} + "\"]",
        "accounts = [\"postgres\"]",
        "allow_root_equivalent = true\n[role.dba.conditions]\nauth_age = \"5m\"\n"
        "[role.dba.limits]\nper_day = \"1h\"\n")};
    Person person = of_account();
    person.is_vouched = false;
    assert_true(asking.decide(person).refusal == Refusal::none);
    person.signed_in = true;
    person.auth_age = std::chrono::seconds{1};
    assert_true(asking.decide(person).refusal == Refusal::not_vouched);
    person.is_vouched = true;
    assert_true(asking.decide(person).refusal == Refusal::none);
}

void the_argument_is_the_decisions(void **)
{
    const Asking asking{shared_role()};
    Ask ask;
    ask.role = "dba";
    for (const Finding &finding :
         argue(asking.policy.roles[0], ask, of_account(), {"db1", {}}, {}, WallTime{}))
        if (finding.rule == "person") {
            assert_true(finding.verdict == Finding::Verdict::later);
            assert_text(finding.text, "who signs in is the requester");
        }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_account_is_named_and_its_logins_are_ssh_or_login),
        cmocka_unit_test(what_people_run_as_one_account_is_not_ended_with_one_of_their_grants),
        cmocka_unit_test(who_comes_is_known_by_a_sign_in_alone),
        cmocka_unit_test(a_key_is_used_again_only_over_ssh_to_a_shared_account),
        cmocka_unit_test(nothing_that_is_known_of_the_account_says_who_comes),
        cmocka_unit_test(as_good_as_root_it_wants_somebody_whom_root_has_named),
        cmocka_unit_test(the_argument_is_the_decisions),
    };
    return cmocka_run_group_tests_name("policy/role_logins", tests, nullptr, nullptr);
}
