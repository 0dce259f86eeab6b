// By what sign-ins and approvals are judged, as it stands at that moment.
#pragma once

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

} // namespace jit::daemon
