// Which roles of a policy could have to do with a door or a name, without looking at the others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/account_table.h"

namespace jit::policy {

struct Role;

// Knows the roles by their numbers, so it serves a copy of them as well; it does not notice when
// they change. Whoever asks looks at the roles themselves: what is found may be more than is so.
class RoleIndex
{
  public:
    RoleIndex() = default; // of no roles
    explicit RoleIndex(std::span<const Role> roles);

    // How many roles it was made of.
    std::size_t size() const { return size_; }

    // Every role that covers the service and matches one of the names, or, without names, every
    // role that covers the service: in the order of the roles, each once.
    std::vector<std::uint32_t> find_gating(std::string_view service,
                                           std::span<const std::string> names) const;

    // Every role of that name.
    std::vector<std::uint32_t> find_named(std::string_view name) const;

  private:
    AccountTable table_;
    std::size_t size_ = 0;
};

} // namespace jit::policy
