// One connection's worth of asking for a role: from the call to its last reply, to the person's
// leaving, or to the moment when jitd goes away.
#pragma once

#include <optional>
#include <string>

#include "jitctl/follow.h"

namespace jit::ctl {

// What is known of the request, from one connection to the next.
struct Followed {
    std::string id;   // empty: jitd has not answered yet
    std::string said; // to the person, of the approval: it is not said twice
};

struct Attempt {
    enum class How {
        done,    // `exit` is the verb's
        refused, // by a Varlink error: nothing was said yet
        failed,  // nothing was said yet
        lost,    // jitd has gone, and the request waits for others and goes on
    };
    How how = How::done;
    Exit exit = Exit::failed;
    ipc::Reply refusal;
    Error error;
};

// Asks, shows the code, waits. Ctrl-C cancels; at a terminal, while others are waited for, it asks
// whether to leave it waiting.
//   parameters  borrowed
Attempt follow_request(std::string_view method, const json_t *parameters, const Output &output,
                       const std::string &socket, int stop_fd, Followed &followed);

} // namespace jit::ctl
