#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "jit_leftovers/mounts.h"

using namespace jit::leftovers;

namespace {

const std::string host = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                         "23 22 0:20 / /proc rw shared:2 - proc proc rw\n"
                         "24 22 0:21 / /run rw - tmpfs tmpfs rw\n"
                         "25 22 8:2 / /home rw shared:3 master:4 - xfs /dev/sda2 rw\n"
                         "26 25 0:40 / /home/far rw - nfs4 server:/x rw\n"
                         "27 22 0:50 / /mnt/auto rw - autofs systemd-1 rw\n"
                         "28 22 8:1 /var/lib/x /srv/bind rw - ext4 /dev/sda1 rw\n"
                         "29 22 0:60 / /var/lib/docker/overlay2/1/merged rw - overlay overlay rw\n"
                         "30 22 8:3 / /mnt/a\\040b\\134c rw - btrfs /dev/sda3 rw\n";

void a_line_is_read_whatever_optional_fields_it_has(void **)
{
    const auto mounts = parse_mounts(host);
    assert_int_equal(mounts.size(), 9);
    assert_text(mounts[0].point, "/");
    assert_text(mounts[0].type, "ext4");
    assert_text(mounts[3].point, "/home");
    assert_text(mounts[3].type, "xfs");
    assert_text(mounts[6].root, "/var/lib/x");
    assert_text(mounts[8].point, "/mnt/a b\\c");
}

void a_line_of_another_shape_is_left_out(void **)
{
    for (const char *text :
         {"", "\n\n", "22 1 8:1 / /", "22 1 8:1 / / rw - ", "22 1 8:1 / / rw ext4 /dev/sda1 rw",
          "- - - - - -", "22 1 8:1 / relative rw - ext4 /dev/sda1 rw",
          "22 1 8:1 / /a\\000b rw - ext4 /dev/sda1 rw"})
        assert_true(parse_mounts(text).empty());
}

void what_is_not_this_hosts_own_is_not_gone_through(void **)
{
    for (const Mount &mount : find_searched(parse_mounts(host)))
        assert_true(mount.type != "nfs4" && mount.type != "autofs" && mount.type != "proc");
    for (const char *type : {"nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "ceph", "autofs", "proc"})
        assert_false(is_local({"/", "/", type}));
    for (const char *type : {"ext4", "xfs", "btrfs", "tmpfs", "zfs"})
        assert_true(is_local({"/", "/", type}));
}

void an_overlay_is_gone_through_where_it_is_the_root_alone(void **)
{
    for (const Mount &mount : find_searched(parse_mounts(host)))
        assert_true(mount.type != "overlay");
    const auto searched = find_searched(parse_mounts("1 0 0:9 / / rw - overlay overlay rw\n"));
    assert_int_equal(searched.size(), 1);
}

void what_shows_all_of_its_file_system_comes_before_a_part_of_it(void **)
{
    const auto searched = find_searched(parse_mounts(host));
    assert_int_equal(searched.size(), 5);
    assert_text(searched[0].point, "/");
    assert_text(searched[4].point, "/srv/bind");
}

void the_root_comes_first_whatever_else_shows_of_its_file_system(void **)
{
    const auto searched =
        find_searched(parse_mounts("2 1 8:1 / /srv rw - ext4 /dev/sda1 rw\n"
                                   "1 0 8:1 /containers/a / rw - ext4 /dev/sda1 rw\n"));
    assert_text(searched[0].point, "/");
    assert_text(searched[1].point, "/srv");
}

void what_might_not_answer_is_avoided_by_its_point(void **)
{
    const auto avoided = find_avoided(parse_mounts(host));
    assert_true(avoided == (std::set<std::string>{"/proc", "/home/far", "/mnt/auto"}));
}

void what_this_host_says_of_itself_is_read(void **)
{
    const std::ifstream file{"/proc/self/mountinfo"};
    std::ostringstream text;
    text << file.rdbuf();
    const auto mounts = parse_mounts(text.str());
    // In a chroot its root need not be one of them: as often as it stands in the fifth field.
    const std::string all = text.str();
    std::istringstream lines{all};
    std::ptrdiff_t roots = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields{line};
        std::string field;
        for (int i = 0; i < 5; ++i)
            fields >> field;
        roots += field == "/" ? 1 : 0;
    }
    const auto count = [&](const char *point) {
        return std::count_if(mounts.begin(), mounts.end(),
                             [&](const Mount &mount) { return mount.point == point; });
    };
    assert_int_equal(count("/"), roots);
    assert_true(count("/proc") > 0);
    assert_int_equal(mounts.size(), std::count(all.begin(), all.end(), '\n'));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_whatever_optional_fields_it_has),
        cmocka_unit_test(a_line_of_another_shape_is_left_out),
        cmocka_unit_test(what_is_not_this_hosts_own_is_not_gone_through),
        cmocka_unit_test(an_overlay_is_gone_through_where_it_is_the_root_alone),
        cmocka_unit_test(what_shows_all_of_its_file_system_comes_before_a_part_of_it),
        cmocka_unit_test(the_root_comes_first_whatever_else_shows_of_its_file_system),
        cmocka_unit_test(what_might_not_answer_is_avoided_by_its_point),
        cmocka_unit_test(what_this_host_says_of_itself_is_read),
    };
    return cmocka_run_group_tests_name("jit_leftovers/mounts", tests, nullptr, nullptr);
}
