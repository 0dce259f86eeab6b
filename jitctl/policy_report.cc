#include "jitctl/policy_report.h"

#include <climits>
#include <string>

#include "lib/base/text.h"

namespace jit::ctl {

ipc::Json json_of(const std::vector<policy::Diagnostic> &diagnostics)
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
    return list;
}

Exit report_faults(const Output &output, const std::vector<policy::Diagnostic> &diagnostics,
                   std::string_view message)
{
    for (const policy::Diagnostic &one : diagnostics)
        if (one.kind == policy::Diagnostic::Kind::error)
            output.tell(policy::format_diagnostic(one));
    output.complain(message);
    if (output.json) {
        const std::string safe = safe_text(message, ipc::max_message_bytes);
        output.print_json(
            ipc::Json{json_pack("{s:s,s:s,s:o}", "error", "Invalid", "message", safe.c_str(),
                                "diagnostics", json_of(diagnostics).release())}
                .get());
    }
    return Exit::usage;
}

} // namespace jit::ctl
