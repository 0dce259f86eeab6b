#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "jitctl/verbs.h"
#include "tests/unit/jitctl/fake_jitd.h"
#include "tests/unit/jitctl/policy_folder.h"

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
    assert_true(has(ran.err, "2 errors, 0 warnings"));
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
    assert_true(has(ran.out, "/c.toml: the file is too large"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_good_draft_passes_though_others_could_write_it),
        cmocka_unit_test(every_fault_has_file_line_and_column),
        cmocka_unit_test(a_missing_or_empty_folder_is_an_error),
        cmocka_unit_test(the_hosts_own_folder_must_be_writable_by_root_alone),
        cmocka_unit_test(a_fifo_or_a_huge_file_is_an_error_and_no_wait),
    };
    return cmocka_run_group_tests_name("jitctl/policy_check", tests, nullptr, nullptr);
}
