#include "tests/unit/cmocka_cpp.h"

#include "jitd/carried_groups.h"

using namespace jit;
using namespace jit::daemon;

namespace {

const std::vector<sys::LocalGroup> file{
    {"root", 0, {}}, {"jit-dba", 990, {"alice"}}, {"jit-log", 991, {}}, {"logs", 991, {}},
    {"toor", 0, {}}, {"none", 4294967295, {}},    {"jit-dba", 27, {}}, // a second line of the name,
                                                                       // which nobody is told of
};

void a_group_with_a_gid_of_its_own_is_carried(void **)
{
    assert_int_equal(find_gid("jit-dba", file).value_or(0), 990);
}

void a_group_that_is_as_good_as_another_is_not(void **)
{
    for (const char *group : {"root", "toor", "none", "jit-log", "logs", "absent", ""})
        assert_false(find_gid(group, file).has_value());
    assert_false(find_gid("jit-dba", {}).has_value());
}

void of_the_hosts_own_file_root_s_group_and_absent_ones_are_left_out(void **)
{
    assert_true(find_carried({"root", "jit-no-such-group"}).empty());
    assert_true(find_carried({}).empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_group_with_a_gid_of_its_own_is_carried),
        cmocka_unit_test(a_group_that_is_as_good_as_another_is_not),
        cmocka_unit_test(of_the_hosts_own_file_root_s_group_and_absent_ones_are_left_out),
    };
    return cmocka_run_group_tests_name("jitd/carried_groups", tests, nullptr, nullptr);
}
