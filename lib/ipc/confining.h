// What ends with a grant and what is said before it does: the helper's Confine and Warn, and what
// SessionOpened of io.jitd.Elevation answers to who waits for it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

inline constexpr std::string_view confine_method = "io.jitd.Grant.Confine";
inline constexpr std::string_view warn_method = "io.jitd.Grant.Warn";

// A process of the grant's user, which waits for the answer.
struct ConfineCall {
    std::string id;
    pid_t pid = 0; // 2 to 2^22, the kernel's most
};
// How long until the process and all that it starts is ended; absent: the grant's role lets it run.
struct ConfineReply {
    std::optional<std::chrono::seconds> left;
};

struct WarnCall {
    std::string id;
};

// How long the session may last; absent: nothing ends it.
struct SessionReply {
    std::optional<std::chrono::seconds> left;
};

// Strict, as granting.h has it: anything else than the form above is bad_input.
Result<ConfineCall> decode_confine_call(const json_t *parameters);
Result<ConfineReply> decode_confine_reply(const json_t *parameters);
Result<WarnCall> decode_warn_call(const json_t *parameters);
Result<SessionReply> decode_session_reply(const json_t *parameters);

// Null only when memory is short.
Json encode(const ConfineCall &call);
Json encode(const ConfineReply &reply);
Json encode(const WarnCall &call);
Json encode(const SessionReply &reply);

} // namespace jit::ipc
