#include "policy/faults.h"

#include <algorithm>
#include <tuple>

#include "lib/base/text.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_shown = 100;
// More than is shown is kept, since what comes first in the files may be found last.
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
    has_error_ = has_error_ || kind == Diagnostic::Kind::error;
    if (faults_.size() < max_kept)
        faults_.push_back({place, kind, safe_text(text, max_text_bytes)});
    else
        ++not_kept_;
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
    const auto order = [](const Fault &fault) {
        return std::tuple{fault.place.file, fault.place.line, fault.place.column};
    };
    std::stable_sort(faults_.begin(), faults_.end(),
                     [&](const Fault &a, const Fault &b) { return order(a) < order(b); });

    const std::size_t shown = std::min(faults_.size(), max_shown);
    std::vector<Diagnostic> out;
    for (std::size_t i = 0; i < shown; ++i) {
        Fault &fault = faults_[i];
        out.push_back({fault.kind, fault.place.file < files_.size() ? files_[fault.place.file] : "",
                       fault.place.line, fault.place.column, std::move(fault.text)});
    }
    const std::size_t hidden = faults_.size() - shown + not_kept_;
    if (hidden > 0) {
        // An error that is not shown must still be one to whoever reads only the list.
        const auto kind = has_error_ ? Diagnostic::Kind::error : Diagnostic::Kind::warning;
        out.push_back({kind, "", 0, 0, std::to_string(hidden) + " more faults are not shown"});
    }
    faults_.clear();
    not_kept_ = 0;
    return out;
}

std::string in_quotes(std::string_view text)
{
    return '"' + safe_text(text, 64) + (text.size() > 64 ? "...\"" : "\"");
}

} // namespace jit::policy
