// `jitctl policy check`: all that is wrong, with file, line and column.
#include <charconv>
#include <iterator>
#include <set>
#include <string>

#include "doctor/pam_stack.h"
#include "jitctl/host_look.h"
#include "jitctl/policy_load.h"
#include "jitctl/policy_report.h"
#include "jitctl/verbs.h"
#include "policy/services.h"

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

// A fault of a PAM file, as one of the policy that relies on it: it is none by which jitd would
// refuse the set.
policy::Diagnostic warning_of(const doctor::Finding &finding)
{
    policy::Diagnostic out;
    out.kind = policy::Diagnostic::Kind::warning;
    out.file = finding.where;
    const std::size_t colon = finding.where.rfind(':');
    const char *const end = finding.where.data() + finding.where.size();
    if (colon != std::string::npos &&
        std::from_chars(finding.where.data() + colon + 1, end, out.line).ptr == end)
        out.file.resize(colon);
    out.text = finding.what + (finding.advice.empty() ? "" : "; " + finding.advice);
    return out;
}

// Where on this host a refusal of a door would not stay one: as `jitctl doctor`, for the doors that
// the roles gate.
Diagnostics look_at_stacks(const LoadedPolicy &loaded, const DoctorPlaces &host)
{
    std::set<std::string> services;
    for (const policy::Role &role : loaded.policy->roles)
        for (const std::string_view door : policy::doors_of(role))
            services.emplace(door);
    HostFiles files{host};
    Diagnostics out;
    for (const std::string &service : services)
        for (const doctor::Finding &one : doctor::judge_service(
                 service, [&](const std::string &name) { return files.read_pam(name); }))
            if (one.kind == doctor::Finding::Kind::fault)
                out.push_back(warning_of(one));
    for (const doctor::Finding &one : files.faults())
        out.push_back(warning_of(one));
    return out;
}

} // namespace

Exit policy_check(const Command &command, const Output &output, const PolicyPlaces &places,
                  const DoctorPlaces &host)
{
    LoadedPolicy loaded = load_policy(command.directory, places);
    Diagnostics diagnostics = std::move(loaded.diagnostics);
    if (loaded.is_installed)
        append(diagnostics, std::move(loaded.config_diagnostics));
    if (loaded.is_installed && loaded.policy)
        append(diagnostics, look_at_stacks(loaded, host));
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
