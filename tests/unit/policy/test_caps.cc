#include "tests/unit/cmocka_cpp.h"

#include "policy/limits.h"
#include "tests/unit/policy/samples.h"

using namespace jit::policy;

namespace {

// So many roles without fault, in files of a size that is read.
std::vector<SourceFile> make_files(std::size_t roles)
{
    std::vector<SourceFile> files;
    for (std::size_t i = 0; i < roles; ++i) {
        if (i % 1000 == 0)
            files.push_back({"f" + std::to_string(files.size()), "[role]\n"});
        const std::string number = std::to_string(i);
        files.back().text += "r" + number + " = {groups = ['g'], requesters = ['local-group:x'], " +
                             "services = ['su'], accounts = ['u" + number +
                             "'], max_duration = '1h'}\n";
    }
    return files;
}

void caps_one_role_too_many_is_one_fault(void **)
{
    const auto files = make_files(max_roles + 2);
    const ParsedPolicy parsed = parse_policy(files);
    assert_false(parsed.policy.has_value());
    assert_text(all_of(parsed.diagnostics),
                "f16:386:1: more than 16384 roles, this one and what follows is not read\n");
}

void caps_one_file_too_many_is_one_fault(void **)
{
    std::vector<SourceFile> files(max_files, {"f", "# nothing\n"});
    files[0].text = role_with("");
    assert_true(parse_policy(files).policy.has_value());
    files.push_back({"more", "not TOML"});
    files.push_back({"still more", "not TOML"});
    const ParsedPolicy over = parse_policy(files);
    assert_false(over.policy.has_value());
    assert_text(all_of(over.diagnostics),
                "more: more than 256 policy files, this one and what follows is not read\n");
}

void caps_one_byte_too_many_is_one_fault(void **)
{
    std::vector<SourceFile> files{{"f", role_with("")}, {"last", ""}, {"more", "not TOML"}};
    files[1].text.resize(max_set_bytes - files[0].text.size() + 1, '\n');
    const ParsedPolicy over = parse_policy(files);
    assert_false(over.policy.has_value());
    assert_text(all_of(over.diagnostics),
                "last: more than 16 MiB of policy files, this one and what follows is not read\n");
    // With one less it is too long a file, but not too long a set.
    files[1].text.pop_back();
    files.pop_back();
    assert_text(all_of(parse_policy(files).diagnostics), "last: the file is longer than 1 MiB\n");
}

// Patterns that can't be told apart within reason: a refusal, and not a daemon that hangs.
void caps_patterns_that_take_too_long_to_compare_are_one_fault(void **)
{
    constexpr int most = 30;
    const auto name_of = [](int i) { return "r" + std::to_string(i); };
    std::vector<SourceFile> files;
    for (int i = 0; i < most; ++i) {
        std::string negations;
        for (int k = 0; k < 220; ++k)
            negations += "'!" + std::to_string(1000 + k) + std::string(240, 'y') + "', ";
        for (int k = 0; k < most; ++k)
            if (k != i)
                negations = "'!*" + name_of(k) + "z*', " + negations;
        files.push_back({name_of(i), role_with("accounts = ['*" + std::string(200, 'x') +
                                                   name_of(i) + "z*', " + negations + "]",
                                               name_of(i))});
    }
    const ParsedPolicy parsed = parse_policy(files);
    assert_false(parsed.policy.has_value());
    assert_int_equal(parsed.diagnostics.size(), 1);
    assert_true(holds(format_diagnostic(parsed.diagnostics[0]), ":1:7: [role.r2"));
    assert_true(holds(parsed.diagnostics[0].text, "too many patterns of accounts to compare"));
    files.resize(10);
    assert_true(parse_policy(files).policy.has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(caps_one_role_too_many_is_one_fault),
        cmocka_unit_test(caps_one_file_too_many_is_one_fault),
        cmocka_unit_test(caps_one_byte_too_many_is_one_fault),
        cmocka_unit_test(caps_patterns_that_take_too_long_to_compare_are_one_fault),
    };
    return cmocka_run_group_tests_name("policy/caps", tests, nullptr, nullptr);
}
