#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <cstdio>

#include "policy/decide.h"
#include "tests/unit/policy/random_roles.h"

using namespace jit::policy;

namespace {

std::vector<std::string> names_of(const std::vector<const Role *> &roles)
{
    std::vector<std::string> out;
    for (const Role *role : roles)
        out.push_back(role->name);
    return out;
}

std::vector<std::string> walk(const Policy &policy, const Door &door)
{
    std::vector<std::string> out;
    for (const Role &role : policy.roles)
        if (gates(role, door))
            out.push_back(role.name);
    return out;
}

void the_index_finds_what_a_walk_over_all_roles_finds(void **)
{
    std::size_t gated = 0;
    for (unsigned seed = 0; seed < 300; ++seed) {
        RandomRoles random{seed};
        Policy policy;
        policy.roles = random.roles(random.below(40), seed % 11);
        Policy indexed = policy;
        indexed.make_index();
        assert_non_null(indexed.index());
        for (int i = 0; i < 60; ++i) {
            Door door{random.service(), {}};
            for (unsigned names = random.below(4); names > 0; --names)
                door.account_names.push_back(
                    random.account() +
                    (random.below(2) == 0 ? "" : std::to_string(random.below(20))));
            const auto wanted = walk(policy, door);
            if (names_of(gating_roles(indexed, door)) != wanted)
                std::printf("seed %u\n", seed);
            assert_true(names_of(gating_roles(indexed, door)) == wanted);
            assert_true(names_of(gating_roles(policy, door)) == wanted);
            gated += wanted.size();
        }
        for (unsigned i = 0; i <= policy.roles.size(); ++i) {
            const std::string name = "r" + std::to_string(1000 + i);
            const Role *const found = indexed.find(name);
            assert_true((found != nullptr) == (i < policy.roles.size()));
            assert_true(found == nullptr || found == &indexed.roles[i]);
            assert_true((policy.find(name) != nullptr) == (found != nullptr));
        }
    }
    assert_true(gated > 1000); // it was worth looking
}

void the_index_knows_patterns_and_names_of_any_length(void **)
{
    Policy policy;
    for (const std::string &glob : {std::string(300, 'x'), std::string(299, 'x') + "*",
                                    "*" + std::string(299, 'x'), std::string{"*"}}) {
        Role role;
        role.name = "r" + std::to_string(policy.roles.size());
        role.services = {"sudo"};
        role.accounts = {{false, glob}};
        policy.roles.push_back(role);
    }
    policy.make_index();
    assert_int_equal(gating_roles(policy, {"sudo", {std::string(300, 'x')}}).size(), 4);
    assert_int_equal(gating_roles(policy, {"sudo", {std::string(298, 'x')}}).size(), 1);
    assert_int_equal(gating_roles(policy, {"sudo-i", {""}}).size(), 1);
    assert_int_equal(gating_roles(policy, {"", {"x"}}).size(), 0);
}

void the_index_serves_a_copy_of_its_policy(void **)
{
    Policy copy;
    {
        Policy policy;
        policy.roles.resize(3);
        for (std::size_t i = 0; i < policy.roles.size(); ++i) {
            policy.roles[i].name = "a-name-that-lies-in-memory-of-its-own" + std::to_string(i);
            policy.roles[i].services = {"su"};
            policy.roles[i].accounts = {{false, "account" + std::to_string(i) + "*"}};
        }
        policy.make_index();
        copy = policy;
    }
    const auto found = gating_roles(copy, {"su-l", {"account1"}});
    assert_int_equal(found.size(), 1);
    assert_ptr_equal(found[0], &copy.roles[1]);
    assert_ptr_equal(copy.find(copy.roles[2].name), &copy.roles[2]);
}

void without_an_index_all_roles_are_looked_at(void **)
{
    Policy policy;
    policy.roles.resize(1);
    policy.roles[0].name = "one";
    policy.make_index();
    Role role;
    role.name = "two";
    role.services = {"sudo"};
    role.accounts = {{false, "*"}};
    policy.roles.push_back(role);
    assert_null(policy.index());
    assert_ptr_equal(policy.find("two"), &policy.roles[1]);
    assert_int_equal(gating_roles(policy, {"sudo", {"root"}}).size(), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_a_walk_over_all_roles_finds),
        cmocka_unit_test(the_index_knows_patterns_and_names_of_any_length),
        cmocka_unit_test(the_index_serves_a_copy_of_its_policy),
        cmocka_unit_test(without_an_index_all_roles_are_looked_at),
    };
    return cmocka_run_group_tests_name("policy/role_index", tests, nullptr, nullptr);
}
