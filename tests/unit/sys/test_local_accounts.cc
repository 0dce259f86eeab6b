#include "tests/unit/cmocka_cpp.h"

#include "lib/sys/local_accounts.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::sys;
using namespace jit::sys::test;

namespace {

struct Setup : Folder {
    Setup()
    {
        put("passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"
                      "bob:x:1001:100::/:/bin/sh\n");
        put("group", "root:x:0:\nengineers:x:2000:carol,alice\nalicex:x:2001:alicex\n"
                     "alice:x:1000:\nusers:x:100:dave\nempty:x:2002:\n");
    }
    Result<std::vector<std::string>> groups(const std::string &user) const
    {
        return read_local_groups(user, path + "/group", path + "/passwd");
    }
};

void listed_groups_and_the_users_own_are_found(void **)
{
    Setup setup;
    const auto groups = setup.groups("alice");
    assert_true(groups.has_value());
    assert_int_equal(groups->size(), 2);
    assert_text((*groups)[0], "engineers");
    assert_text((*groups)[1], "alice");
    assert_text(setup.groups("bob")->at(0), "users");
}

void a_user_of_another_name_service_has_the_groups_that_list_him(void **)
{
    Setup setup;
    assert_int_equal(setup.groups("carol")->size(), 1);
    assert_true(setup.groups("erin")->empty());
}

void a_part_of_a_name_is_another_name(void **)
{
    Setup setup;
    assert_true(setup.groups("alic")->empty());
    assert_int_equal(setup.groups("alicex")->size(), 1);
}

void a_very_long_line_is_read_to_its_end(void **)
{
    Setup setup;
    std::string line = "big:x:3000:";
    for (int i = 0; i < 20000; ++i)
        line += "user" + std::to_string(i) + ",";
    setup.put("group", line + "alice\nlast:x:3001:alice\n");
    const auto groups = setup.groups("alice");
    assert_true(groups.has_value());
    assert_int_equal(groups->size(), 2);
}

void a_missing_file_is_an_error_and_not_an_empty_answer(void **)
{
    Setup setup;
    std::filesystem::remove(setup.path + "/group");
    assert_false(setup.groups("alice").has_value());
    assert_int_equal(static_cast<int>(setup.groups("alice").error().code),
                     static_cast<int>(Code::unavailable));
}

void the_group_file_is_read_with_gids_and_members(void **)
{
    Setup setup;
    const auto groups = read_group_file(setup.path + "/group");
    assert_true(groups.has_value());
    assert_int_equal(groups->size(), 6);
    assert_int_equal((*groups)[1].gid, 2000);
    assert_int_equal((*groups)[1].members.size(), 2);
}

// A role that lists the second of three names for uid 0 gates all three.
void regress_every_name_of_a_uid_is_known_by_any_of_them(void **)
{
    Setup setup;
    setup.put("passwd", "root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"
                        "toor:x:0:0::/:/bin/sh\nlast:x:0:0::/:/bin/sh\n");
    LocalNames local{setup.path + "/passwd"};
    const auto names = local.add_same_uid({"last", "root"});
    assert_true(names.has_value());
    assert_int_equal(names->size(), 3);
    assert_text(names->at(2), "toor");
    // Of another name service, or not resolved: as it was.
    assert_int_equal(local.add_same_uid({"carol"})->size(), 1);
    assert_true(local.add_same_uid({})->empty());
    assert_false(LocalNames{setup.path + "/absent"}.add_same_uid({"root"}).has_value());
}

// Changed in place, to the same length, within one tick of the file system's clock.
void a_new_name_of_a_uid_is_known_at_once(void **)
{
    Setup setup;
    LocalNames local{setup.path + "/passwd"};
    for (int i = 0; i < 100; ++i) {
        const std::string name = "toor" + std::to_string(i % 2);
        setup.put("passwd", "root:x:0:0::/:/bin/sh\n" + name + ":x:0:0::/:/bin/sh\n");
        assert_text(local.add_same_uid({"root"})->at(1), name.c_str());
    }
}

void a_passwd_file_that_has_settled_is_read_again_when_it_changes(void **)
{
    Setup setup;
    const std::string path = setup.path + "/passwd";
    LocalNames local{path};
    assert_int_equal(local.add_same_uid({"root"})->size(), 1);
    sleep(3);
    assert_int_equal(local.add_same_uid({"root"})->size(), 1);
    assert_int_equal(local.add_same_uid({"root"})->size(), 1);
    setup.put("passwd", "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n");
    assert_int_equal(local.add_same_uid({"root"})->size(), 2);
    std::filesystem::remove(path);
    assert_false(local.add_same_uid({"root"}).has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(listed_groups_and_the_users_own_are_found),
        cmocka_unit_test(a_user_of_another_name_service_has_the_groups_that_list_him),
        cmocka_unit_test(a_part_of_a_name_is_another_name),
        cmocka_unit_test(a_very_long_line_is_read_to_its_end),
        cmocka_unit_test(a_missing_file_is_an_error_and_not_an_empty_answer),
        cmocka_unit_test(the_group_file_is_read_with_gids_and_members),
        cmocka_unit_test(regress_every_name_of_a_uid_is_known_by_any_of_them),
        cmocka_unit_test(a_new_name_of_a_uid_is_known_at_once),
        cmocka_unit_test(a_passwd_file_that_has_settled_is_read_again_when_it_changes),
    };
    return cmocka_run_group_tests_name("sys/local_accounts", tests, nullptr, nullptr);
}
