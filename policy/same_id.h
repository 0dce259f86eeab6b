// Whether two object ids name one person or group.
#pragma once

#include <string_view>

#include "lib/base/text.h"

namespace jit::policy {

// GUIDs without regard to case, any other id (a `sub`) byte by byte; an empty one is nobody's.
inline bool is_same_id(std::string_view a, std::string_view b)
{
    if (is_guid(a) && is_guid(b))
        return to_lower(a) == to_lower(b);
    return !a.empty() && a == b;
}

} // namespace jit::policy
