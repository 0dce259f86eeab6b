#include "policy/source.h"

#include <algorithm>

namespace jit::policy {

std::string format_diagnostic(const Diagnostic &diagnostic)
{
    std::string out = diagnostic.file;
    if (diagnostic.line > 0) {
        out += ':' + std::to_string(diagnostic.line);
        if (diagnostic.column > 0)
            out += ':' + std::to_string(diagnostic.column);
    }
    if (!out.empty())
        out += ": ";
    if (diagnostic.kind == Diagnostic::Kind::warning)
        out += "warning: ";
    return out + diagnostic.text;
}

bool has_error(const std::vector<Diagnostic> &diagnostics)
{
    return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic &diagnostic) {
        return diagnostic.kind == Diagnostic::Kind::error;
    });
}

std::string canonical_text(std::span<const SourceFile> files)
{
    // The length before the text keeps two sets apart whose files only split at another place.
    std::string out;
    for (const SourceFile &file : files) {
        out += file.name.substr(file.name.rfind('/') + 1);
        out += '\0';
        out += std::to_string(file.text.size());
        out += '\0';
        out += file.text;
    }
    return out;
}

} // namespace jit::policy
