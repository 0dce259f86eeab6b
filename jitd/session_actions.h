// How the parts of a session put together what they want done.
#pragma once

#include <utility>

#include "jitd/session.h"

namespace jit::daemon {

// Adds what comes later to what comes first.
inline Actions join(Actions first, Actions second)
{
    for (Action &action : second)
        first.push_back(std::move(action));
    return first;
}

template <typename... T> Actions list(T... actions)
{
    Actions made;
    made.reserve(sizeof...(actions));
    (made.emplace_back(std::move(actions)), ...);
    return made;
}

} // namespace jit::daemon
