// The scenarios of test_crashes in which a step fails, with memberships in the user database: the
// even ones.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/crash_scenarios.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;

int main()
{
    share = Share::even;
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_fails_is_mended_by_the_next_reconcile),
        cmocka_unit_test(a_reconcile_that_fails_at_any_step_is_made_good_by_the_next),
    };
    return cmocka_run_group_tests_name("jit_grantd/faults", tests, nullptr, nullptr);
}
