// How a request came out: what is printed, and the exit code.
#pragma once

#include <string>

#include "jitctl/output.h"
#include "lib/ipc/elevation.h"

namespace jit::ctl {

// With --json the grant's record is asked for.
Exit finish_granted(const Output &output, const std::string &socket,
                    const ipc::RequestReply &reply);

Exit finish_denied(const Output &output, const ipc::RequestReply &reply);

//   id  may be empty: there was none yet
Exit finish_cancelled(const Output &output, const std::string &id);

// It goes on waiting for others, and its requester has gone.
Exit finish_left(const Output &output, const std::string &id, const std::string &role);

// What came of a request that was not being followed then.
//   record  waits no longer
Exit finish_missed(const Output &output, const ipc::ListReply &record);

} // namespace jit::ctl
