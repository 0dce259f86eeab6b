#include "tests/unit/cmocka_cpp.h"

#include "jitd/warnings.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;

namespace {

const WallTime noon{std::chrono::seconds{1'800'000'000}};

// A role that warns ten minutes and a minute ahead, and one that warns nobody.
policy::Policy make_policy()
{
    policy::Policy policy;
    policy.roles.resize(2);
    policy.roles[0].name = "dba";
    policy.roles[1].name = "web";
    policy.roles[0].end.warn = {10min, 1min};
    return policy;
}

Grant grant_of(const std::string &id, const std::string &role, std::chrono::seconds length)
{
    Grant grant;
    grant.id = id;
    grant.role = role;
    grant.user = "alice";
    grant.since = noon;
    grant.until = noon + length;
    return grant;
}

void the_next_warning_is_the_earliest_that_has_not_been(void **)
{
    GrantTable grants;
    const policy::Policy policy = make_policy();
    assert_false(next_warning(grants, policy, noon).has_value());
    grants.add(grant_of("a", "dba", 1h));
    grants.add(grant_of("b", "dba", 30min));
    grants.add(grant_of("c", "web", 11min));
    assert_true(next_warning(grants, policy, noon) == noon + 20min);
    assert_true(next_warning(grants, policy, noon + 20min) == noon + 29min);
    assert_true(next_warning(grants, policy, noon + 29min) == noon + 50min);
    assert_false(next_warning(grants, policy, noon + 59min).has_value());
}

void each_is_said_once_and_none_of_what_is_over(void **)
{
    GrantTable grants;
    const policy::Policy policy = make_policy();
    grants.add(grant_of("a", "dba", 30min));
    const auto due = [&](std::chrono::seconds after, std::chrono::seconds now) {
        return due_warnings(grants, policy, noon + after, noon + now).size();
    };
    assert_int_equal(due(0s, 20min - 1s), 0);
    assert_int_equal(due(19min, 20min), 1);
    assert_int_equal(due(20min, 20min + 1s), 0);
    assert_int_equal(due(0s, 29min), 1); // both at once, after a pause
    assert_int_equal(due(0s, 30min), 0); // over
}

void nobody_is_warned_before_he_has_it(void **)
{
    GrantTable grants;
    grants.add(grant_of("a", "dba", 10min));
    assert_true(next_warning(grants, make_policy(), noon - 1h) == noon + 9min);
}

void an_extension_is_warned_of_anew(void **)
{
    GrantTable grants;
    const policy::Policy policy = make_policy();
    grants.add(grant_of("a", "dba", 30min));
    grants.extend("a", noon + 1h, BootTime{});
    assert_true(next_warning(grants, policy, noon + 29min) == noon + 50min);
}

void a_role_that_is_gone_warns_nobody(void **)
{
    GrantTable grants;
    grants.add(grant_of("a", "gone", 30min));
    assert_false(next_warning(grants, make_policy(), noon).has_value());
    assert_true(due_warnings(grants, make_policy(), noon, noon + 29min).empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_next_warning_is_the_earliest_that_has_not_been),
        cmocka_unit_test(each_is_said_once_and_none_of_what_is_over),
        cmocka_unit_test(nobody_is_warned_before_he_has_it),
        cmocka_unit_test(an_extension_is_warned_of_anew),
        cmocka_unit_test(a_role_that_is_gone_warns_nobody),
    };
    return cmocka_run_group_tests_name("jitd/warnings", tests, nullptr, nullptr);
}
