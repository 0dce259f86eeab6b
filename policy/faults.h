// What is wrong with a set of files, gathered while they are read: all of it, not only the first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/source.h"

namespace jit::policy {

// A place in one of the files. Lines and columns from 1; 0: the file, or the line, as a whole.
struct Place {
    unsigned file = 0; // from Faults::add_file()
    unsigned line = 0;
    unsigned column = 0;
};

class Faults
{
  public:
    // Names one more file; the number is what its places carry.
    unsigned add_file(const std::string &name);

    void error(Place place, std::string text) { add(Diagnostic::Kind::error, place, text); }
    void warning(Place place, std::string text) { add(Diagnostic::Kind::warning, place, text); }

    // Whether any error came, kept or not.
    bool has_error() const { return has_error_; }

    // "FILE:LINE:COLUMN", for a text that points at a second place.
    std::string name_of(Place place) const;

    // In the order of the files, then of the lines; at most 100, errors rather than warnings, then
    // one that counts the rest.
    std::vector<Diagnostic> take();

  private:
    struct Fault {
        Place place;
        Diagnostic::Kind kind;
        std::string text;
    };

    void add(Diagnostic::Kind kind, Place place, std::string &text);

    std::vector<std::string> files_;
    std::vector<Fault> errors_;
    std::vector<Fault> warnings_;
    std::size_t errors_not_kept_ = 0;
    std::size_t warnings_not_kept_ = 0;
    bool has_error_ = false;
};

// Text from a file between quotes, fit to be shown: at most 64 bytes of it.
std::string in_quotes(std::string_view text);

} // namespace jit::policy
