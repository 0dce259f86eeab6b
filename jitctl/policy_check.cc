// `jitctl policy check`: all that is wrong, with file, line and column.
#include <climits>
#include <iterator>

#include "jitctl/policy_files.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "lib/sys/zones.h"
#include "policy/config.h"
#include "policy/parse.h"

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
    ipc::Json list{json_array()};
    for (const policy::Diagnostic &one : diagnostics)
        (void)json_array_append_new( // a null list makes the whole object null, which is told
            list.get(),
            json_pack("{s:s,s:s,s:i,s:i,s:s}", "kind",
                      one.kind == policy::Diagnostic::Kind::error ? "error" : "warning", "file",
                      safe_text(one.file, PATH_MAX).c_str(), "line", static_cast<int>(one.line),
                      "column", static_cast<int>(one.column), "text",
                      safe_text(one.text, ipc::max_message_bytes).c_str()));
    const ipc::Json object{json_pack("{s:I,s:I,s:o}", "files", static_cast<json_int_t>(files),
                                     "roles", static_cast<json_int_t>(roles), "diagnostics",
                                     list.release())};
    output.print_json(object.get());
}

} // namespace

Exit policy_check(const Command &command, const Output &output, const PolicyPlaces &places)
{
    const std::string directory = command.directory.value_or(places.directory);
    const bool is_installed = directory == places.directory || directory == places.directory + "/";
    PolicyFiles found = is_installed ? read_installed(places.directory) : read_draft(directory);
    Diagnostics diagnostics = std::move(found.diagnostics);

    // The configuration says of which kind ids are; a draft is read by the one that is installed.
    PolicyFiles config = read_config(places.config);
    bool ids_are_guids = true;
    Diagnostics config_faults = std::move(config.diagnostics);
    for (const policy::SourceFile &file : config.files) {
        policy::ParsedConfig parsed = policy::parse_config(file);
        ids_are_guids = !parsed.config || parsed.config->is_entra;
        if (parsed.config && !parsed.config->ca_file.empty())
            append(config_faults, read_authorities(parsed.config->ca_file).diagnostics);
        append(config_faults, std::move(parsed.diagnostics));
    }

    std::size_t roles = 0;
    if (found.files.empty() && !policy::has_error(diagnostics)) {
        diagnostics.push_back({policy::Diagnostic::Kind::error, directory, 0, 0,
                               "no file ends in .toml: nothing would be granted"});
    } else if (!found.files.empty()) {
        policy::ParsedPolicy parsed =
            policy::parse_policy(found.files, {ids_are_guids, sys::find_zone});
        if (parsed.policy)
            roles = parsed.policy->roles.size();
        append(diagnostics, std::move(parsed.diagnostics));
    }
    if (is_installed)
        append(diagnostics, std::move(config_faults));

    std::size_t errors = 0;
    for (const policy::Diagnostic &one : diagnostics) {
        if (one.kind == policy::Diagnostic::Kind::error)
            ++errors;
        if (!output.json)
            output.print(policy::format_diagnostic(one));
    }
    if (output.json)
        print_report(output, found.files.size(), roles, diagnostics);
    output.complain(count(found.files.size(), "policy file") + ", " + count(roles, "role") + ": " +
                    count(errors, "error") + ", " + count(diagnostics.size() - errors, "warning"));
    return errors == 0 ? Exit::done : Exit::usage;
}

} // namespace jit::ctl
