// Which roles of a whole policy overlap, without looking at every pair of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/model.h"
#include "policy/overlap.h"

namespace jit::policy {

struct Overlaps {
    // For each role, the first one before it that find_overlap() finds to overlap with it.
    std::vector<std::optional<std::size_t>> earlier;
    // The role at which it was given up, with `earlier` left unfinished: its accounts and those
    // before them take more than max_steps to compare. Absent: `earlier` tells all.
    std::optional<std::size_t> gave_up_at;
};

// Takes some n log n for roles that name their accounts. Patterns with wildcards are compared with
// each other, though equal ones once only.
//   max_steps  a measure of the comparisons of patterns, the same on every host
//   sharing    sharing_of(); a test gives another
Overlaps find_overlaps(std::span<const Role> roles, std::size_t max_steps,
                       std::string (*sharing)(const Role &) = &sharing_of);

} // namespace jit::policy
