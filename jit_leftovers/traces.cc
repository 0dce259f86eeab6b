#include "jit_leftovers/traces.h"

#include <algorithm>

#include "jit_leftovers/limits.h"

namespace jit::leftovers {

namespace {

WallTime seconds_of(const statx_timestamp &time)
{
    return WallTime{std::chrono::seconds{time.tv_sec}};
}

std::optional<WallTime> birth_of(const struct statx &about)
{
    if ((about.stx_mask & STATX_BTIME) == 0)
        return std::nullopt;
    return seconds_of(about.stx_btime);
}

} // namespace

std::optional<WallTime> Trace::time_in(const Span &span) const
{
    if (born && span.has(*born))
        return born;
    if (span.has(changed))
        return changed;
    return std::nullopt;
}

bool Traces::is_of_interest(const struct statx &about) const
{
    const auto born = birth_of(about);
    const WallTime changed = seconds_of(about.stx_ctime);
    return std::any_of(spans_.begin(), spans_.end(), [&](const Span &span) {
        return span.has(changed) || (born && span.has(*born));
    });
}

void Traces::keep(Trace trace)
{
    std::vector<Trace> &kept = trace.is_roots ? roots_ : others_;
    if (kept.size() < (trace.is_roots ? max_traces_of_root : max_traces_of_others))
        kept.push_back(std::move(trace));
    else
        ++dropped_;
}

void Traces::add(ipc::LeftoverKind kind, std::string_view path, const struct statx &about)
{
    if (!is_of_interest(about))
        return;
    const std::size_t most = max_traces_of_root + max_traces_of_others;
    const auto key = std::tuple{kind, about.stx_dev_major, about.stx_dev_minor, about.stx_ino};
    if (seen_.contains(key))
        return;
    if (seen_.size() < 2 * most)
        seen_.insert(key);
    keep({kind, ipc::escape_path(path), birth_of(about), seconds_of(about.stx_ctime),
          about.stx_uid == 0});
}

void Traces::add_by(ipc::LeftoverKind kind, std::string_view name, const struct statx &file)
{
    if (is_of_interest(file))
        keep({kind, ipc::escape_path(name), birth_of(file), seconds_of(file.stx_ctime), true});
}

std::vector<Trace> Traces::in_order() const
{
    std::vector<Trace> all = roots_;
    all.insert(all.end(), others_.begin(), others_.end());
    return all;
}

} // namespace jit::leftovers
