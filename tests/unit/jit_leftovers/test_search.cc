#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <filesystem>
#include <sys/xattr.h>
#include <syslog.h>

#include "jit_leftovers/limits.h"
#include "tests/unit/jit_leftovers/host.h"

using namespace jit;
using namespace jit::leftovers;
using namespace jit::leftovers::test;

namespace {

const std::string id = "00000000000000aa";

// All that a grant could leave, made now.
void leave_everything(const Host &host)
{
    host.put("usr/local/bin/s", "x", 04755);
    host.put("usr/local/bin/g", "x", 02755);
    host.put("etc/systemd/system/evil.service");
    host.put("etc/systemd/system/evil.timer");
    host.link("../evil.service", "etc/systemd/system/multi-user.target.wants/evil.service");
    host.put("run/systemd/transient/run-1.timer");
    host.put("etc/cron.d/evil");
    host.put("var/spool/cron/crontabs/root");
    host.put("var/spool/cron/atjobs/a0001");
    host.put("etc/sudoers.d/evil");
    host.put("etc/pam.d/sudo");
    host.put("etc/ssh/sshd_config.d/evil.conf");
    host.put("etc/ld.so.preload");
    host.put("etc/jit/policy.d/evil.toml");
    host.put("home/alice/.ssh/authorized_keys");
    host.put("home/alice/.config/systemd/user/evil.service");
    host.put("etc/passwd-", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
    host.passwd("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"
                "mallory:x:1001:1001::/nonexistent:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n");
}

const char *const everything[] = {
    "setuid /usr/local/bin/s",
    "setgid /usr/local/bin/g",
    "unit /etc/systemd/system/evil.service",
    "timer /etc/systemd/system/evil.timer",
    "unit /etc/systemd/system/multi-user.target.wants/evil.service",
    "timer /run/systemd/transient/run-1.timer",
    "cron /etc/cron.d/evil",
    "cron /var/spool/cron/crontabs/root",
    "at /var/spool/cron/atjobs/a0001",
    "sudoers /etc/sudoers.d/evil",
    "pam /etc/pam.d/sudo",
    "ssh /etc/ssh/sshd_config.d/evil.conf",
    "loader /etc/ld.so.preload",
    "jit /etc/jit/policy.d/evil.toml",
    "authorized-keys /home/alice/.ssh/authorized_keys",
    "unit /home/alice/.config/systemd/user/evil.service",
    "accounts /etc/passwd",
    "account mallory",
    "account toor (uid 0)",
};

void each_thing_that_was_left_in_its_time_is_listed(void **)
{
    Host host;
    leave_everything(host);
    host.ended(id, wall_time() - 30s, wall_time());
    assert_int_equal(host.search(), 1);
    const auto report = host.report(id);
    for (const char *line : everything) {
        if (!has(report, line))
            print_error("not listed: %s\n", line);
        assert_true(has(report, line));
    }
    assert_true(report.look == ipc::Look::done && report.missed.empty() && report.more == 0);
    for (const std::string &line : lines_of(report)) // each once, and nothing else
        assert_true(std::count(std::begin(everything), std::end(everything), line) == 1);
}

void nothing_of_it_is_listed_for_a_grant_that_was_over_before(void **)
{
    Host host;
    leave_everything(host);
    host.ended(id, wall_time() - 600s, wall_time() - 300s);
    assert_int_equal(host.search(), 1);
    assert_true(host.report(id).found.empty());
    assert_int_equal(host.report(id).more, 0);
}

void nothing_of_it_is_listed_for_a_grant_that_began_later(void **)
{
    Host host;
    leave_everything(host);
    pass(2100ms);
    host.ended(id, wall_time(), wall_time() + 5s);
    assert_int_equal(host.search(), 1);
    assert_true(host.report(id).found.empty());
}

void a_thing_in_the_time_of_two_grants_is_told_of_both(void **)
{
    Host host;
    host.put("etc/cron.d/evil");
    host.ended(id, wall_time() - 30s, wall_time());
    host.ended("00000000000000bb", wall_time() - 3s, wall_time() + 30s);
    host.ended("00000000000000cc", wall_time() - 600s, wall_time() - 300s);
    assert_int_equal(host.search(), 3);
    assert_true(has(host.report(id), "cron /etc/cron.d/evil"));
    assert_true(has(host.report("00000000000000bb"), "cron /etc/cron.d/evil"));
    assert_true(host.report("00000000000000cc").found.empty());
}

void an_old_file_made_setuid_is_listed(void **)
{
    Host host;
    host.put("usr/bin/old");
    host.put("usr/bin/older", "x", 04755);
    pass(2100ms);
    assert_int_equal(chmod(host.on_disk("usr/bin/old").c_str(), 04755), 0);
    host.ended(id, wall_time(), wall_time());
    host.search();
    assert_true(lines_of(host.report(id)) == std::vector<std::string>{"setuid /usr/bin/old"});
}

void a_file_with_capabilities_is_listed(void **)
{
    Host host;
    host.put("usr/bin/cap", "x", 0755);
    // cap_setuid, permitted and effective (capabilities(7), VFS_CAP_REVISION_2)
    const unsigned char value[20] = {1, 0, 0, 2, 0x80};
    if (setxattr(host.on_disk("usr/bin/cap").c_str(), "security.capability", value, sizeof value,
                 0) != 0) {
        print_message("skipped: capabilities of files can't be set here\n");
        return;
    }
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    assert_true(has(host.report(id), "capability /usr/bin/cap"));
}

void a_search_is_made_once_for_each_grant(void **)
{
    Host host;
    assert_int_equal(host.search(), 0);
    host.ended(id, wall_time() - 30s, wall_time());
    assert_int_equal(host.search(), 1);
    assert_int_equal(host.search(), 0);
    assert_int_equal(host.records.size(), 1);
    assert_true(std::filesystem::remove(host.folder.path + "/grants/" + id + ".json"));
    assert_int_equal(host.search(), 0);
    assert_false(host.has_report(id));
}

void a_ledger_that_is_not_there_yet_is_an_empty_one(void **)
{
    Host host;
    std::filesystem::remove_all(host.folder.path + "/grants");
    assert_int_equal(host.search(), 0);
}

void a_report_is_for_its_owner_and_his_group(void **)
{
    Host host;
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    struct stat about {
    };
    assert_int_equal(stat((host.folder.path + "/reports/" + id + ".json").c_str(), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0640);
}

void the_record_warns_when_there_is_something_and_only_then(void **)
{
    Host host;
    host.ended(id, wall_time() - 600s, wall_time() - 300s);
    host.search();
    assert_int_equal(host.records[0].priority, LOG_INFO);
    host.put("etc/cron.d/evil");
    host.ended("00000000000000bb", wall_time() - 30s, wall_time());
    host.search();
    assert_int_equal(host.records[1].priority, LOG_WARNING);
    assert_true(host.records[1].message.find("cron /etc/cron.d/evil") != std::string::npos);
    assert_true(host.records[1].message.find("role web of alice") != std::string::npos);
    std::string list;
    for (const sys::Field &field : host.records[1].fields)
        if (field.name == "JIT_LEFTOVERS")
            list = field.value;
    assert_true(list.find("cron /etc/cron.d/evil 20") != list.npos);
}

// --- what others lay in the way -----------------------------------------------------------------

void a_link_in_a_home_is_told_of_and_not_followed(void **)
{
    Host host;
    host.put("secret/authorized_keys");
    host.put("secret/evil.service");
    host.link("../../secret", "home/alice/.ssh");
    host.link("../../../../secret", "home/alice/.config/systemd/user");
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    const auto report = host.report(id);
    assert_true(has(report, "authorized-keys /home/alice/.ssh"));
    for (const std::string &line : lines_of(report))
        assert_true(line.find("secret") == line.npos && line.find("evil") == line.npos);
}

void a_fifo_and_a_socket_hold_nobody_up(void **)
{
    Host host;
    host.put("home/alice/.ssh/known_hosts");
    for (const char *path : {"home/alice/.ssh/authorized_keys", "home/alice/.config", "etc/cron.d",
                             "etc/ld.so.preload"})
        assert_int_equal(mkfifo(host.on_disk(path).c_str(), 0666), 0);
    host.ended(id, wall_time() - 30s, wall_time());
    const BootTime began = boot_time();
    host.search();
    assert_true(boot_time() - began < 2s);
}

void a_loop_of_links_and_a_deep_folder_come_to_an_end(void **)
{
    Host host;
    host.link("loop", "home/alice/loop");
    host.link("..", "home/alice/up");
    std::string deep = "home/alice";
    for (int i = 0; i < max_depth + 10; ++i)
        deep += "/d";
    host.put(deep + "/s", "x", 04755);
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    const auto report = host.report(id);
    assert_true(report.missed == std::vector{ipc::Missed::too_deep});
    assert_false(has(report, "setuid /" + deep + "/s"));
}

void a_name_with_control_characters_is_escaped(void **)
{
    Host host;
    host.put("usr/bin/a\n\x1b[1m", "x", 04755);
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    assert_true(has(host.report(id), "setuid /usr/bin/a\\x0a\\x1b[1m"));
}

void a_user_who_fills_a_folder_of_his_hides_nothing_but_that(void **)
{
    if (geteuid() != 0) {
        print_message("skipped: needs to be root, to give files to others\n");
        return;
    }
    Host host;
    for (std::size_t i = 0; i < max_files_of_home_place + 50; ++i)
        host.put("home/alice/.ssh/authorized_keys" + std::to_string(i));
    host.put("usr/local/bin/s", "x", 04755);
    host.put("etc/cron.d/evil");
    assert_int_equal(chown(host.on_disk("home/alice/.ssh").c_str(), 1000, 1000), 0);
    for (const auto &file : std::filesystem::directory_iterator{host.on_disk("home/alice/.ssh")})
        assert_int_equal(chown(file.path().c_str(), 1000, 1000), 0);
    host.ended(id, wall_time() - 60s, wall_time());
    host.search();
    const auto report = host.report(id);
    assert_true(has(report, "setuid /usr/local/bin/s"));
    assert_true(has(report, "cron /etc/cron.d/evil"));
    assert_int_equal(report.found.size(), ipc::max_leftovers);
    assert_true(report.more > 0);
    assert_true(report.missed == std::vector{ipc::Missed::too_many_files});
}

void a_home_on_another_hosts_disk_is_left_out_and_that_is_said(void **)
{
    Host host;
    host.put("home/alice/.ssh/authorized_keys");
    host.folder.put("mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                 "2 1 0:9 / /home rw - nfs4 server:/home rw\n");
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    const auto report = host.report(id);
    assert_true(report.missed == std::vector{ipc::Missed::homes_elsewhere});
    assert_false(has(report, "authorized-keys /home/alice/.ssh/authorized_keys"));
}

void a_home_is_reached_over_a_link_of_roots_and_of_nobody_elses(void **)
{
    if (geteuid() != 0) {
        print_message("skipped: needs to be root, to give links to others\n");
        return;
    }
    Host host;
    host.passwd("bob:x:1001:1001::/homes/bob:/bin/sh\ncarol:x:1002:1002::/homes/carol:/bin/sh\n"
                "dave:x:1003:1003::/homes/loop/dave:/bin/sh\n");
    host.put("data/b/bob/.ssh/authorized_keys");
    host.put("data/b/carol/.ssh/authorized_keys");
    host.link("data/./b/../b", "homes");
    assert_int_equal(
        rename(host.on_disk("data/b/carol").c_str(), host.on_disk("data/b/hidden").c_str()), 0);
    host.link("hidden", "data/b/carol");
    assert_int_equal(lchown(host.on_disk("data/b/carol").c_str(), 1002, 1002), 0);
    host.link("/homes/loop", "data/b/loop");
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    const auto report = host.report(id);
    assert_true(has(report, "authorized-keys /homes/bob/.ssh/authorized_keys"));
    assert_false(has(report, "authorized-keys /homes/carol/.ssh/authorized_keys"));
}

void a_home_that_was_made_is_that_of_a_new_account_if_it_is_its_own(void **)
{
    if (geteuid() != 0) {
        print_message("skipped: needs to be root, to give homes to others\n");
        return;
    }
    Host host;
    host.passwd("alice:x:1000:1000::/home/alice:/bin/sh\n");
    assert_int_equal(chown(host.on_disk("home/alice").c_str(), 1000, 1000), 0);
    pass(2100ms);
    host.put("home/alice/new"); // changes the folder, and makes it no younger
    host.folder.make("root/dev");
    host.folder.make("root/home/carol");
    assert_int_equal(chown(host.on_disk("home/carol").c_str(), 1002, 1002), 0);
    host.passwd("alice:x:1000:1000::/home/alice:/bin/sh\nsys:x:3:3::/dev:/bin/sh\n"
                "carol:x:1002:1002::/home/carol:/bin/sh\n");
    host.ended(id, wall_time(), wall_time());
    host.search();
    const auto report = host.report(id);
    if (!has(report, "account carol"))
        return print_message("skipped: this file system does not say when a file was born\n");
    assert_false(has(report, "account alice"));
    assert_false(has(report, "account sys"));
}

void another_hosts_disk_within_this_ones_is_not_entered(void **)
{
    Host host;
    host.put("srv/far/s", "x", 04755);
    host.put("srv/near/s", "x", 04755);
    host.folder.put("mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                 "2 1 0:9 / /srv/far rw - nfs4 server:/x rw\n");
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    assert_true(has(host.report(id), "setuid /srv/near/s"));
    assert_false(has(host.report(id), "setuid /srv/far/s"));
}

void what_jit_itself_does_is_not_left_behind(void **)
{
    Host host;
    host.put("run/systemd/transient/jit-expire@00000000000000aa.timer");
    host.put("run/systemd/transient/session-3.scope");
    host.put("run/userdb/alice:jit-web.membership", "{}\n");
    host.put("etc/group");
    host.put("run/userdb/evil.user");
    host.put("run/systemd/transient/jit-expire@x.timer");
    // The group file changes with it.
    host.ended(id, wall_time() - 30s, wall_time(), ledger::Backend::etc_group);
    host.search();
    const auto report = host.report(id);
    assert_true(has(report, "account /run/userdb/evil.user"));
    assert_true(has(report, "timer /run/systemd/transient/jit-expire@x.timer"));
    for (const std::string &line : lines_of(report))
        assert_true(line.find("/group") == line.npos && line.find(".membership") == line.npos &&
                    line.find(".scope") == line.npos && line.find("00000000aa") == line.npos);
}

void the_group_file_changed_at_another_moment_is_listed(void **)
{
    Host host;
    host.put("etc/group");
    host.ended(id, wall_time() - 30s, wall_time() + 30s, ledger::Backend::etc_group);
    host.search();
    assert_true(has(host.report(id), "accounts /etc/group"));
}

void the_group_file_that_no_grant_of_its_time_writes_is_listed(void **)
{
    Host host;
    host.put("etc/group");
    host.ended(id, wall_time() - 30s, wall_time());
    host.search();
    assert_true(has(host.report(id), "accounts /etc/group"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_that_was_left_in_its_time_is_listed),
        cmocka_unit_test(nothing_of_it_is_listed_for_a_grant_that_was_over_before),
        cmocka_unit_test(nothing_of_it_is_listed_for_a_grant_that_began_later),
        cmocka_unit_test(a_thing_in_the_time_of_two_grants_is_told_of_both),
        cmocka_unit_test(an_old_file_made_setuid_is_listed),
        cmocka_unit_test(a_file_with_capabilities_is_listed),
        cmocka_unit_test(a_search_is_made_once_for_each_grant),
        cmocka_unit_test(a_ledger_that_is_not_there_yet_is_an_empty_one),
        cmocka_unit_test(a_report_is_for_its_owner_and_his_group),
        cmocka_unit_test(the_record_warns_when_there_is_something_and_only_then),
        cmocka_unit_test(a_link_in_a_home_is_told_of_and_not_followed),
        cmocka_unit_test(a_fifo_and_a_socket_hold_nobody_up),
        cmocka_unit_test(a_loop_of_links_and_a_deep_folder_come_to_an_end),
        cmocka_unit_test(a_name_with_control_characters_is_escaped),
        cmocka_unit_test(a_user_who_fills_a_folder_of_his_hides_nothing_but_that),
        cmocka_unit_test(a_home_on_another_hosts_disk_is_left_out_and_that_is_said),
        cmocka_unit_test(a_home_is_reached_over_a_link_of_roots_and_of_nobody_elses),
        cmocka_unit_test(a_home_that_was_made_is_that_of_a_new_account_if_it_is_its_own),
        cmocka_unit_test(another_hosts_disk_within_this_ones_is_not_entered),
        cmocka_unit_test(what_jit_itself_does_is_not_left_behind),
        cmocka_unit_test(the_group_file_changed_at_another_moment_is_listed),
        cmocka_unit_test(the_group_file_that_no_grant_of_its_time_writes_is_listed),
    };
    return cmocka_run_group_tests_name("jit_leftovers/search", tests, nullptr, nullptr);
}
