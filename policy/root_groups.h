// Groups whose members are root by another name.
#pragma once

#include <span>
#include <string_view>

namespace jit::policy {

// Names that lead to root on common systems. What has the gid of one of them is as good as root
// too, which only a program that can read the group file can tell.
std::span<const std::string_view> root_equivalent_groups();

bool is_root_equivalent(std::string_view group);

} // namespace jit::policy
