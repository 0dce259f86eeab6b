// Files as text, and what is wrong with them. Shared by the policy and the configuration parser.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace jit::policy {

// One file already read: the parsers open nothing.
struct SourceFile {
    std::string name; // as it is shown in a diagnostic: the whole path
    std::string text;
};

// One fault, or one warning, at one place.
struct Diagnostic {
    enum class Kind {
        error,
        warning
    };
    Kind kind = Kind::error;
    std::string file;
    unsigned line = 0;   // from 1; 0: the file as a whole
    unsigned column = 0; // from 1; 0: the line as a whole
    std::string text;    // what is wrong, what is expected; one line, safe to print
};

// "FILE:LINE:COLUMN: text", with "warning: " before the text of a warning.
std::string format_diagnostic(const Diagnostic &diagnostic);

bool has_error(const std::vector<Diagnostic> &diagnostics);

// One text that stands for a whole set of files, to be hashed: both daemons must hash the same. For
// each file, in the order given: its base name, a NUL, the length of its text in decimal, a NUL,
// its text. The folder is left out, so the kept copy of a set has the hash of the set itself.
std::string canonical_text(std::span<const SourceFile> files);

} // namespace jit::policy
