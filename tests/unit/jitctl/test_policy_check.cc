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

const std::string good = "[role.web]\n"
                         "groups = [\"jit-web\"]\n"
                         "requesters = [\"local-group:engineers\"]\n"
                         "max_duration = \"1h\"\n";

struct Run {
    int exit;
    std::string out, err;
};

Run run(const std::optional<std::string> &directory, bool json = false,
        const PolicyPlaces &places = {"/nonexistent/policy.d", "/nonexistent/jitd.toml"})
{
    Command command;
    command.verb = Verb::policy_check;
    command.directory = directory;
    const Caught out, err;
    const Exit exit = policy_check(command, {out.stream(), err.stream(), json, false}, places);
    return {static_cast<int>(exit), out.text(), err.text()};
}

void a_good_draft_passes_though_others_could_write_it(void **)
{
    Folder folder;
    folder.write("10-web.toml", good);
    folder.write("notes.txt", "not toml");
    folder.write(".hidden.toml", "not toml");
    const Run ran = run(folder.path);
    assert_int_equal(ran.exit, 0);
    assert_true(has(ran.out, "warning: ")); // /tmp, which everybody may write
    assert_true(has(ran.err, "1 policy file, 1 role: 0 errors, "));
}

void every_fault_has_file_line_and_column(void **)
{
    Folder folder;
    folder.write("a.toml", good + "colour = \"red\"\n");
    folder.write("b.toml", "[role\n");
    const Run ran = run(folder.path);
    assert_int_equal(ran.exit, 2);
    assert_true(has(ran.out, folder.path + "/a.toml:5:1: "));
    assert_true(has(ran.out, folder.path + "/b.toml:1:"));
    const Run json = run(folder.path, true);
    assert_int_equal(json.exit, 2);
    assert_true(json.out.starts_with(R"({"files": 2, "roles": 0, "diagnostics": [{"kind": )"));
    assert_true(has(json.out, R"("line": 5, "column": 1)"));
}

void a_missing_or_empty_folder_is_an_error(void **)
{
    Folder folder;
    const Run empty = run(folder.path);
    assert_int_equal(empty.exit, 2);
    assert_true(has(empty.out, "no file ends in .toml"));
    const Run missing = run("/nonexistent/policy.d/");
    assert_int_equal(missing.exit, 2);
    assert_true(has(missing.out, "/nonexistent/policy.d: no such file"));
    const Run draft = run("/nonexistent/draft");
    assert_int_equal(draft.exit, 2);
    assert_true(has(draft.out, "/nonexistent/draft: no such folder"));
}

void the_hosts_own_folder_must_be_writable_by_root_alone(void **)
{
    Folder folder;
    folder.write("a.toml", good);
    const Run ran = run(std::nullopt, false, {folder.path, "/nonexistent/jitd.toml"});
    assert_int_equal(ran.exit, 2);
    assert_true(has(ran.out, "/tmp: others than its owner may write it"));
    if (geteuid() == 0) // what is not root's is as many errors more
        assert_true(has(ran.err, "1 policy file, 0 roles: 2 errors, "));
    assert_true(has(ran.out, "/nonexistent/jitd.toml: no such file: jitd denies everything"));
}

void a_fifo_or_a_huge_file_is_an_error_and_no_wait(void **)
{
    Folder folder;
    folder.write("a.toml", good);
    folder.fifo("b.toml");
    folder.write("c.toml", std::string(256 * 1024 + 1, '#'));
    const Run ran = run(folder.path);
    assert_int_equal(ran.exit, 2);
    assert_true(has(ran.out, "/b.toml: not a regular file"));
    assert_true(
        has(ran.out, "/c.toml: the file is too large, expected at most 256 files of 256 KiB"));
}

// One round is enough to mend them.
void regress_all_files_that_others_could_write_are_named_and_read(void **)
{
    if (geteuid() != 0) {
        print_message("root is missing: no policy of another's counts\n");
        return;
    }
    Folder folder{"/run"};
    for (const char *name : {"a.toml", "b.toml"}) {
        folder.write(name, good + "colour = \"red\"\n");
        assert_int_equal(chmod((folder.path + "/" + name).c_str(), 0666), 0);
    }
    for (const bool is_draft : {false, true}) {
        const Run ran = run(is_draft ? std::optional{folder.path} : std::nullopt, false,
                            {is_draft ? "/nonexistent/p" : folder.path, "/nonexistent/jitd.toml"});
        assert_int_equal(ran.exit, 2);
        for (const char *name : {"/a.toml", "/b.toml"}) {
            assert_true(has(ran.out, folder.path + name + (is_draft ? ": warning: " : ": ") +
                                         "others than its owner may write it, expected that they "
                                         "may not (chmod go-w)\n"));
            assert_true(has(ran.out, folder.path + name + ":5:1: "));
        }
        assert_true(has(ran.err, "2 policy files, 0 roles: "));
    }
}

// A policy alone refuses nobody: the host's PAM files have to ask.
void regress_stacks_where_a_refusal_does_not_stay_one_are_warned_of(void **)
{
    if (geteuid() != 0) {
        print_message("root is missing: no policy of another's counts\n");
        return;
    }
    Folder policies{"/run"};
    policies.write("a.toml", good + "services = [\"sudo\"]\n");
    Folder beside{"/run"};
    beside.write("jitd.toml", "[identity]\ntenant = \"6f1c0000-0000-4000-8000-000000000000\"\n"
                              "client_id = \"c11e0000-0000-4000-8000-000000000000\"\n");
    const sys::test::Folder host;
    host.make("etc/pam.d");
    const std::string lines = "auth [success=done ignore=ignore default=die] pam_jit.so\n"
                              "account requisite pam_jit.so\nsession optional pam_jit.so\n";
    const auto check = [&](const std::optional<std::string> &directory) {
        Command command;
        command.directory = directory;
        const Caught out, err;
        const Exit exit = policy_check(command, {out.stream(), err.stream(), false, false},
                                       {policies.path, beside.path + "/jitd.toml"},
                                       {host.path + "/etc", host.path + "/usr"});
        return Run{static_cast<int>(exit), out.text(), err.text()};
    };
    host.put("etc/pam.d/sudo", lines);
    host.put("etc/pam.d/sudo-i", lines);
    const std::string stacks = "/etc/pam.d/sudo";
    const Run good_host = check(std::nullopt);
    assert_int_equal(good_host.exit, 0);
    assert_true(good_host.out.find(stacks) == std::string::npos);
    host.put("etc/pam.d/sudo", "auth required pam_unix.so\naccount sufficient pam_jit.so\n");
    const Run open = check(std::nullopt);
    assert_int_equal(open.exit, 0); // jitd takes the set all the same
    assert_true(has(open.out, "/etc/pam.d/sudo:2: warning: "));
    assert_true(has(open.out, "account requisite pam_jit.so"));
    // A draft is another host's, perhaps.
    policies.write("b.toml", "");
    const Run draft = check(policies.path + "/../" + policies.path.substr(5));
    assert_true(draft.out.find(stacks) == std::string::npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_good_draft_passes_though_others_could_write_it),
        cmocka_unit_test(every_fault_has_file_line_and_column),
        cmocka_unit_test(a_missing_or_empty_folder_is_an_error),
        cmocka_unit_test(the_hosts_own_folder_must_be_writable_by_root_alone),
        cmocka_unit_test(regress_stacks_where_a_refusal_does_not_stay_one_are_warned_of),
        cmocka_unit_test(regress_all_files_that_others_could_write_are_named_and_read),
        cmocka_unit_test(a_fifo_or_a_huge_file_is_an_error_and_no_wait),
    };
    return cmocka_run_group_tests_name("jitctl/policy_check", tests, nullptr, nullptr);
}
