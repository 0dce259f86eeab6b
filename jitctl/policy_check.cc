// `jitctl policy check`: all that is wrong, with file, line and column.
#include <iterator>

#include "jitctl/policy_load.h"
#include "jitctl/policy_report.h"
#include "jitctl/verbs.h"

namespace jit::ctl {

namespace {

using Diagnostics = std::vector<policy::Diagnostic>;

void append(Diagnostics &all, Diagnostics more)
{
    all.insert(all.end(), std::move_iterator{more.begin()}, std::move_iterator{more.end()});
}

std::string count(std::size_t number, const char *what)
{
    return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

void print_report(const Output &output, std::size_t files, std::size_t roles,
                  const Diagnostics &diagnostics)
{
    const ipc::Json object{json_pack("{s:I,s:I,s:o}", "files", static_cast<json_int_t>(files),
                                     "roles", static_cast<json_int_t>(roles), "diagnostics",
                                     json_of(diagnostics).release())};
    output.print_json(object.get());
}

} // namespace

Exit policy_check(const Command &command, const Output &output, const PolicyPlaces &places)
{
    LoadedPolicy loaded = load_policy(command.directory, places);
    Diagnostics diagnostics = std::move(loaded.diagnostics);
    if (loaded.is_installed)
        append(diagnostics, std::move(loaded.config_diagnostics));
    const std::size_t roles = loaded.policy ? loaded.policy->roles.size() : 0;

    std::size_t errors = 0;
    for (const policy::Diagnostic &one : diagnostics) {
        if (one.kind == policy::Diagnostic::Kind::error)
            ++errors;
        if (!output.json)
            output.print(policy::format_diagnostic(one));
    }
    if (output.json)
        print_report(output, loaded.files, roles, diagnostics);
    output.complain(count(loaded.files, "policy file") + ", " + count(roles, "role") + ": " +
                    count(errors, "error") + ", " + count(diagnostics.size() - errors, "warning"));
    return errors == 0 ? Exit::done : Exit::usage;
}

} // namespace jit::ctl
