#include "tests/unit/cmocka_cpp.h"

#include <sys/stat.h>

#include "lib/sys/group_members.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::sys;
using namespace jit::sys::test;

namespace {

struct Setup : Folder {
    Setup() { put("group", "root:x:0:\nweb:x:1:alice,bob\n# dba:x:2:alice\ndba:x:2:bob"); }
    GroupMembers members{path + "/group"};
};

void who_is_listed_is_a_member_and_nobody_else(void **)
{
    Setup setup;
    assert_true(setup.members.has("alice", "web") && setup.members.has("bob", "dba"));
    for (const auto &[user, group] : {std::pair{"alice", "dba"},
                                      {"web", "alice"},
                                      {"alic", "web"},
                                      {"", "root"},
                                      {"alice", ""},
                                      {"alice,bob", "web"},
                                      {"b:x", "web"},
                                      {"carol", "none"}})
        assert_false(setup.members.has(user, group));
}

void a_change_is_seen_by_the_next_question(void **)
{
    Setup setup;
    assert_true(setup.members.has("alice", "web"));
    setup.put("group", "web:x:1:bobby,bob\n"); // as long as before
    assert_false(setup.members.has("alice", "web"));
    setup.put("group+", "web:x:1:alice\n");
    assert_int_equal(rename((setup.path + "/group+").c_str(), (setup.path + "/group").c_str()), 0);
    assert_true(setup.members.has("alice", "web"));
}

void a_file_that_cannot_be_read_lists_nobody(void **)
{
    Setup setup;
    assert_true(setup.members.has("alice", "web"));
    assert_int_equal(unlink((setup.path + "/group").c_str()), 0);
    assert_false(setup.members.has("alice", "web"));
    assert_int_equal(mkdir((setup.path + "/group").c_str(), 0700), 0);
    assert_false(setup.members.has("alice", "web"));
    GroupMembers none{setup.path + "/none"};
    assert_false(none.has("alice", "web"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_is_listed_is_a_member_and_nobody_else),
        cmocka_unit_test(a_change_is_seen_by_the_next_question),
        cmocka_unit_test(a_file_that_cannot_be_read_lists_nobody),
    };
    return cmocka_run_group_tests_name("sys/group_members", tests, nullptr, nullptr);
}
