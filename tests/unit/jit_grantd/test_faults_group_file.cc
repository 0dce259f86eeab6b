// The scenarios of test_faults, with memberships in the group file: the even ones.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/crash_scenarios.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;

int main()
{
    World::usual_backend = policy::Config::Backend::etc_group;
    share = Share::even;
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_fails_is_mended_by_the_next_reconcile),
        cmocka_unit_test(a_reconcile_that_fails_at_any_step_is_made_good_by_the_next),
    };
    return cmocka_run_group_tests_name("jit_grantd/faults_group_file", tests, nullptr, nullptr);
}
