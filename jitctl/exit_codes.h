// What jitctl's exit status says: jitctl(1), "Exit status".
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/elevation.h"

namespace jit::ctl {

enum class Exit {
    done = 0,          // done, or nothing to show
    denied = 1,        // denied, declined, or a finding of a checking verb
    usage = 2,         // usage, configuration, policy missing or broken
    unreachable = 3,   // jitd or the provider
    timed_out = 4,     // timed out or expired
    cancelled = 5,     // by the user
    not_permitted = 6, // to this user
    not_found = 7,
    failed = 70, // our fault
};

// Why a request was denied.
Exit exit_of(ipc::Cause cause);

// The name of a Varlink error: our own by their meaning, every other one our fault.
Exit exit_of_error(std::string_view name);

// What went wrong between us and jitd.
Exit exit_of(const Error &error);

// The state that a request denied for this cause ended in, for --json.
ipc::State state_of(ipc::Cause cause);

} // namespace jit::ctl
