// The records of one List call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/ipc/elevation.h"
#include "lib/ipc/message.h"

namespace jit::ctl {

struct Records {
    std::vector<ipc::ListReply> newest_first; // none of them empty; at most 10000
    std::optional<ipc::Reply> refusal;        // the error that jitd answered with instead
};

// Each reply may take answer_within.
Result<Records> ask_records(const std::string &socket, const ipc::ListCall &call);

// {"grants": [...], "requests": [...]}
ipc::Json json_of(const Records &records);

} // namespace jit::ctl
