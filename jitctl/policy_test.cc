// `jitctl policy test`: whether a policy does what its administrator wrote down beside it.
#include <utility>

#include "jitctl/policy_files.h"
#include "jitctl/policy_load.h"
#include "jitctl/policy_report.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "policy/expectations.h"

namespace jit::ctl {

namespace {

// A folder as the file names it: beside the file, unless it begins at the root.
std::string beside(const std::string &file, const std::string &directory)
{
    const std::size_t slash = file.rfind('/');
    return directory.starts_with('/') || slash == file.npos ? directory
                                                            : file.substr(0, slash + 1) + directory;
}

std::string describe_expected(const policy::Expectation &one)
{
    if (!one.is_granted)
        return one.refusal ? "refused (" + std::string{policy::name_of(*one.refusal)} + ")"
                           : "refused";
    return one.duration ? "granted for " + format_duration(*one.duration) : "granted";
}

void add_case(json_t *list, const policy::Expectation &one, const std::string &difference)
{
    (void)json_array_append_new( // a null list makes the whole object null, which is told
        list, json_pack("{s:s,s:i,s:b,s:s,s:s?}", "name", one.name.c_str(), "line",
                        static_cast<int>(one.line), "passed", int{difference.empty()}, "expected",
                        describe_expected(one).c_str(), "got",
                        difference.empty() ? nullptr : difference.c_str()));
}

} // namespace

Exit policy_test(const Command &command, const Output &output, const PolicyPlaces &places)
{
    const PolicyFiles found = read_draft_file(*command.file);
    std::vector<policy::Diagnostic> faults = found.diagnostics;
    policy::ParsedExpectations tests;
    if (!found.files.empty()) {
        tests = policy::parse_expectations(found.files.front());
        faults = tests.diagnostics;
    }
    if (policy::has_error(faults))
        return report_faults(output, faults, "the tests have errors, so none was run");
    for (const policy::Diagnostic &one : faults)
        output.tell(policy::format_diagnostic(one));
    const LoadedPolicy loaded = load_policy(beside(*command.file, tests.directory), places);
    if (!loaded.policy)
        return report_errors(output, loaded);

    ipc::Json list{json_array()};
    std::size_t failed = 0;
    for (const policy::Expectation &one : tests.cases) {
        const std::string difference = policy::find_difference(*loaded.policy, one);
        failed += difference.empty() ? 0 : 1;
        add_case(list.get(), one, difference);
        if (!output.json && !difference.empty())
            output.print(*command.file + ":" + std::to_string(one.line) + ": " + one.name +
                         ": expected " + describe_expected(one) + ", got " + difference);
    }
    const std::size_t passed = tests.cases.size() - failed;
    if (output.json)
        output.print_json(
            ipc::Json{json_pack("{s:I,s:I,s:o}", "passed", static_cast<json_int_t>(passed),
                                "failed", static_cast<json_int_t>(failed), "tests", list.release())}
                .get());
    else
        output.print(std::to_string(passed) + " passed, " + std::to_string(failed) + " failed");
    return failed == 0 ? Exit::done : Exit::denied;
}

} // namespace jit::ctl
