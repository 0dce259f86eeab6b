#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"
#include "tests/unit/jitctl/policy_folder.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::ctl;

namespace {

const std::string lines = "auth [success=done ignore=ignore default=die] pam_jit.so\n"
                          "account requisite pam_jit.so\n"
                          "session optional pam_jit.so\n";

struct Host {
    Host()
    {
        for (const char *path : {"etc/pam.d", "etc/sudoers.d", "usr/lib/pam.d"})
            files.make(path);
        policies.write("a.toml", "[role.web]\n"
                                 "groups = [\"jit-web\"]\n"
                                 "requesters = [\"local-group:engineers\"]\n"
                                 "services = [\"sudo\"]\n"
                                 "max_duration = \"1h\"\n");
        pam("sudo", lines);
        pam("sudo-i", lines);
    }
    void pam(const std::string &name, const std::string &text) const
    {
        files.put("etc/pam.d/" + name, text);
    }
    // "EXIT" and what was printed.
    std::string run(bool json = false) const
    {
        const Caught out, err;
        const Exit exit = doctor({out.stream(), err.stream(), json, false},
                                 {files.path + "/etc", files.path + "/usr"},
                                 {policies.path, "/nonexistent/jitd.toml"});
        return std::to_string(static_cast<int>(exit)) + " " + out.text() + err.text();
    }
    sys::test::Folder files;
    Folder policies{"/run"};
};

bool needs_root()
{
    if (geteuid() != 0)
        print_message("root is missing: no policy of another's counts\n");
    return geteuid() != 0;
}

bool has(const std::string &text, const std::string &part)
{
    return text.find(part) != text.npos;
}

void a_host_that_is_set_up_has_no_finding(void **)
{
    if (needs_root())
        return;
    const Host host;
    assert_text(host.run(), "0 jitctl: 0 faults, 0 notes\n");
    assert_text(host.run(true), "0 {\"findings\": []}\n");
}

void what_is_wrong_is_said_with_what_to_write(void **)
{
    if (needs_root())
        return;
    const Host host;
    host.pam("sudo-i", "account sufficient pam_jit.so\n" + lines);
    const std::string said = host.run();
    assert_true(said.starts_with("1 fault: /etc/pam.d/sudo-i:1: \"sufficient\" lets perm_denied of "
                                 "pam_jit.so pass: a refusal does not stay one\n"
                                 "    write, before all other account lines: account requisite "
                                 "pam_jit.so\n"));
    assert_true(has(said, "jitctl: 1 fault, 0 notes\n"));
    assert_true(
        has(host.run(true), R"({"findings": [{"kind": "fault", "where": "/etc/pam.d/sudo-i:1")"));
}

void services_come_from_roles_from_sudoers_and_from_where_it_is_named(void **)
{
    if (needs_root())
        return;
    const Host host;
    host.files.put("etc/sudoers", "Defaults!X pam_service=sudo-dba\n%jit-web ALL=(ALL) ALL\n");
    host.files.put("etc/sudoers.d/more", "Defaults !pam_acct_mgmt\n");
    host.files.put("etc/sudoers.d/old~", "Defaults pam_service=nobody\n");
    host.files.put("etc/sudoers.d/a.bak", "Defaults pam_service=nobody\n");
    host.pam("su", "account optional pam_jit.so\n");
    host.pam("common-auth", "auth required pam_unix.so\n");
    const std::string said = host.run();
    assert_true(has(said, "fault: /etc/pam.d/sudo-dba: there is no such file"));
    assert_true(has(said, "fault: /etc/pam.d/su:1: \"optional\" lets perm_denied"));
    assert_true(has(said, "etc/sudoers.d/more:1: !pam_acct_mgmt"));
    assert_true(has(said, "etc/sudoers:2: a rule for the group of a role"));
    assert_true(has(said, "Set group_source dynamic"));
    assert_false(has(said, "nobody\n") || has(said, "pam.d/nobody"));
    host.files.put("etc/sudo.conf", "Set group_source dynamic\n");
    assert_false(has(host.run(), "a rule for the group of a role"));
    // Where a distribution keeps what it ships.
    host.files.put("usr/lib/pam.d/sudo-dba", lines);
    assert_false(has(host.run(), "sudo-dba"));
}

void a_file_that_is_a_link_is_read_and_one_that_is_none_is_said_once(void **)
{
    if (needs_root())
        return;
    const Host host;
    host.files.put("etc/elsewhere", lines);
    assert_int_equal(unlink((host.files.path + "/etc/pam.d/sudo-i").c_str()), 0);
    assert_int_equal(symlink("../elsewhere", (host.files.path + "/etc/pam.d/sudo-i").c_str()), 0);
    assert_text(host.run(), "0 jitctl: 0 faults, 0 notes\n");
    host.pam("sudo", lines + "@include odd\nauth include odd\naccount include odd\n");
    assert_int_equal(mkfifo((host.files.path + "/etc/pam.d/odd").c_str(), 0644), 0);
    const std::string said = host.run();
    assert_true(has(said, "etc/pam.d/odd: cannot be read\n"));
    assert_true(has(said, "jitctl: 1 fault, 0 notes\n"));
}

void a_host_without_any_of_it_is_told_so(void **)
{
    if (needs_root())
        return;
    Host host;
    host.pam("sudo", "auth required pam_unix.so\n");
    host.pam("sudo-i", "");
    assert_true(has(host.run(), "fault: /etc/pam.d/sudo: no account line of pam_jit.so"));
    host.policies.write("a.toml", "[role");
    const std::string said = host.run();
    assert_true(has(said, "1 fault: /etc/jit/policy.d: there is no policy without an error"));
    assert_true(has(said, "pam_jit.so is in no file, and no role gates a service"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_is_set_up_has_no_finding),
        cmocka_unit_test(what_is_wrong_is_said_with_what_to_write),
        cmocka_unit_test(services_come_from_roles_from_sudoers_and_from_where_it_is_named),
        cmocka_unit_test(a_file_that_is_a_link_is_read_and_one_that_is_none_is_said_once),
        cmocka_unit_test(a_host_without_any_of_it_is_told_so),
    };
    return cmocka_run_group_tests_name("jitctl/doctor", tests, nullptr, nullptr);
}
