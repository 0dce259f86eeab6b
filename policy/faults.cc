#include "policy/faults.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <tuple>

#include "lib/base/text.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_shown = 100;
// More than is shown is kept, of errors and of warnings, since what comes first in the files may be
// found last.
constexpr std::size_t max_kept = 4096;
constexpr std::size_t max_text_bytes = 400;

} // namespace

unsigned Faults::add_file(const std::string &name)
{
    files_.push_back(safe_text(name, 256));
    return static_cast<unsigned>(files_.size() - 1);
}

void Faults::add(Diagnostic::Kind kind, Place place, std::string &text)
{
    const bool is_error = kind == Diagnostic::Kind::error;
    has_error_ = has_error_ || is_error;
    std::vector<Fault> &same = is_error ? errors_ : warnings_;
    if (same.size() < max_kept)
        same.push_back({place, kind, safe_text(text, max_text_bytes)});
    else
        ++(is_error ? errors_not_kept_ : warnings_not_kept_);
}

std::string Faults::name_of(Place place) const
{
    Diagnostic here;
    here.file = files_[place.file];
    here.line = place.line;
    here.column = place.column;
    std::string out = format_diagnostic(here);
    out.resize(out.size() - 2); // the ": " before a text that is not there
    return out;
}

std::vector<Diagnostic> Faults::take()
{
    const auto is_before = [](const Fault &a, const Fault &b) {
        const auto order = [](const Fault &fault) {
            return std::tuple{fault.place.file, fault.place.line, fault.place.column};
        };
        return order(a) < order(b);
    };
    // Errors first: a warning must not hide what the set is refused for.
    std::vector<Fault> shown;
    const auto show = [&](std::vector<Fault> &faults) {
        std::stable_sort(faults.begin(), faults.end(), is_before);
        const auto count = std::min(faults.size(), max_shown - shown.size());
        std::move(faults.begin(), faults.begin() + static_cast<std::ptrdiff_t>(count),
                  std::back_inserter(shown));
        return faults.size() - count;
    };
    const std::size_t errors = show(errors_) + errors_not_kept_;
    const std::size_t hidden = errors + show(warnings_) + warnings_not_kept_;
    std::stable_sort(shown.begin(), shown.end(), is_before);
    std::vector<Diagnostic> out;
    out.reserve(shown.size() + 1);
    for (Fault &fault : shown)
        out.push_back({fault.kind, fault.place.file < files_.size() ? files_[fault.place.file] : "",
                       fault.place.line, fault.place.column, std::move(fault.text)});
    if (hidden > 0)
        out.push_back({errors > 0 ? Diagnostic::Kind::error : Diagnostic::Kind::warning, "", 0, 0,
                       std::to_string(hidden) + " more faults are not shown"});
    errors_.clear();
    warnings_.clear();
    errors_not_kept_ = warnings_not_kept_ = 0;
    return out;
}

std::string in_quotes(std::string_view text)
{
    return '"' + safe_text(text, 64) + (text.size() > 64 ? "...\"" : "\"");
}

} // namespace jit::policy
