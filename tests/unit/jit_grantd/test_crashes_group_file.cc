// The scenarios of test_crashes, with memberships in the group file: all but a failing step, which
// test_faults_group_file has, since each takes its time.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/crash_scenarios.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;

int main()
{
    World::usual_backend = policy::Config::Backend::etc_group;
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_scenario_leaves_agreement_when_nothing_breaks),
        cmocka_unit_test(a_kill_at_any_moment_is_mended_by_the_next_reconcile),
        cmocka_unit_test(a_second_kill_at_any_moment_of_the_mending_is_mended_too),
    };
    return cmocka_run_group_tests_name("jit_grantd/crashes_group_file", tests, nullptr, nullptr);
}
