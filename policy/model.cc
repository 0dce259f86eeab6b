#include "policy/model.h"

#include <algorithm>

namespace jit::policy {

const Role *Policy::find(std::string_view name) const
{
    if (const RoleIndex *known = index()) {
        for (const std::uint32_t number : known->find_named(name))
            if (roles[number].name == name)
                return &roles[number];
        return nullptr;
    }
    const auto found = std::find_if(roles.begin(), roles.end(),
                                    [&](const Role &role) { return role.name == name; });
    return found == roles.end() ? nullptr : &*found;
}

} // namespace jit::policy
