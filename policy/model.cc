#include "policy/model.h"

#include <algorithm>

namespace jit::policy {

std::string_view name_of(Approval::Mode mode)
{
    switch (mode) {
    case Approval::Mode::self:
        return "self";
    case Approval::Mode::none:
        return "auto";
    case Approval::Mode::approver:
        return "approver";
    case Approval::Mode::pim:
        return "pim";
    case Approval::Mode::watch:
        return "watch";
    }
    return "";
}

std::optional<Approval::Mode> approval_mode_of(std::string_view name)
{
    using Mode = Approval::Mode;
    for (const Mode mode : {Mode::self, Mode::none, Mode::approver, Mode::pim, Mode::watch})
        if (name == name_of(mode))
            return mode;
    return std::nullopt;
}

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
