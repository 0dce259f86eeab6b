// What a search has come upon, before it is known which grant's time it belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <tuple>
#include <vector>

#include "jit_leftovers/ended.h"
#include "lib/ipc/leftovers.h"

namespace jit::leftovers {

struct Trace {
    ipc::LeftoverKind kind = ipc::LeftoverKind::setuid;
    std::string what;
    std::optional<WallTime> born; // not every file system says
    WallTime changed{};           // ctime: nobody can set it
    bool is_roots = true;         // else somebody else's file

    // Birth or change within the span; the birth, if both.
    std::optional<WallTime> time_in(const Span &span) const;
};

class Traces
{
  public:
    // Only what falls into one of the spans is kept.
    explicit Traces(std::vector<Span> spans) : spans_(std::move(spans)) {}

    bool is_of_interest(const struct statx &about) const;

    // Notes a file, once for each kind, whatever paths lead to it. What is not of interest is left
    // out.
    //   path  whole, as the host has it
    void add(ipc::LeftoverKind kind, std::string_view path, const struct statx &about);
    // The same for what is no file but shows by one.
    void add_by(ipc::LeftoverKind kind, std::string_view name, const struct statx &file);

    // Root's before others', otherwise in the order they came in.
    std::vector<Trace> in_order() const;
    std::size_t dropped() const { return dropped_; } // over the caps
    const std::vector<Span> &spans() const { return spans_; }

  private:
    void keep(Trace trace);

    std::vector<Span> spans_;
    std::vector<Trace> roots_;
    std::vector<Trace> others_;
    std::set<std::tuple<ipc::LeftoverKind, std::uint32_t, std::uint32_t, std::uint64_t>> seen_;
    std::size_t dropped_ = 0;
};

} // namespace jit::leftovers
