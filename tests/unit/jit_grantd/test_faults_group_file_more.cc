// The scenarios of test_faults, with memberships in the group file: the odd ones.
#include "tests/unit/cmocka_cpp.h"

#include "tests/unit/jit_grantd/crash_scenarios.h"

using namespace jit::grantd::test;

int main()
{
    World::usual_backend = jit::policy::Config::Backend::etc_group;
    return run_faults("jit_grantd/faults_group_file_more", Share::odd);
}
