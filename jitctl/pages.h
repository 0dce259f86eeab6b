// A method that answers with one record a reply, and in pages: List and Pending.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/json.h"
#include "lib/ipc/message.h"

namespace jit::ctl {

// The parameters of a call that goes on behind an id; without one those of the first.
using MakePage = std::function<ipc::Json(const std::optional<std::string> &after)>;
// Takes a reply's parameters; gives the id after which there is more, if it is the last one's.
using TakeRecord = std::function<Result<std::optional<std::string>>(const json_t *parameters)>;

// Asks for all pages, at most 10000 records; each reply may take answer_within.
//   returns  the error that jitd answered with instead, if any
Result<std::optional<ipc::Reply>> ask_pages(const std::string &socket, std::string_view method,
                                            const MakePage &make, const TakeRecord &take);

} // namespace jit::ctl
