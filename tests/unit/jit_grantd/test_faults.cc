// The scenarios of test_crashes in which a step fails, with memberships in the user database: the
// even ones.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/crash_scenarios.h"

using namespace jit::grantd::test;

int main()
{
    return run_faults("jit_grantd/faults", Share::even);
}
