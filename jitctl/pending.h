// What waits for the caller's approval, as an approver sees it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jitctl/output.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/approving.h"
#include "lib/ipc/message.h"

namespace jit::ctl {

struct PendingRequests {
    std::vector<ipc::PendingRecord> requests; // in jitd's order; at most 10000
    std::optional<ipc::Reply> refusal;        // the error that jitd answered with instead
};

//   id  absent: all that he is named for
Result<PendingRequests> ask_pending(const std::string &socket,
                                    const std::optional<std::string> &id);

// "alice", or "postgres (alice)" where several people share the account.
std::string requester_of(const ipc::PendingRecord &request);

// "1 of 2 have approved it"
std::string format_approved(const ipc::PendingRecord &request);

// All that an approver decides by, a line each. What the requester may have chosen can't be taken
// for another of the lines: it goes on below itself, behind their names.
//   width  of a value, in bytes, which no character is wider than
std::vector<std::string> format_pending(const ipc::PendingRecord &request, WallTime now,
                                        std::size_t width);

} // namespace jit::ctl
