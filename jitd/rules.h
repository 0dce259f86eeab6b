// By what sign-ins and approvals are judged, as it stands at that moment.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "jitd/store.h"
#include "lib/base/clock.h"
#include "lib/oidc/seen_tokens.h"
#include "policy/decide.h"

namespace jit::daemon {

// Borrowed for the call.
struct Rules {
    const policy::Policy &policy;
    const policy::Host &host;
    std::chrono::seconds skew;
    const std::vector<std::string> &local_groups; // of the user whose sign-in it is, now
    oidc::SeenTokens &seen;                       // of all sign-ins
    const Pin *pin = nullptr;                     // of that user, now; null: none
    bool pin_needs_confirmation = false;          // pin = root
    WallTime now{};
    BootTime boot{};
    const policy::Config *config = nullptr; // null: nobody is in a map
};

// A moment that has gone by, by the wall clock of now, which may have been set since.
inline WallTime wall_of(BootTime then, const Rules &rules)
{
    return rules.now - std::chrono::ceil<std::chrono::seconds>(rules.boot - then);
}

} // namespace jit::daemon
