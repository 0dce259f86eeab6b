// The messages of io.jitd.Elevation.Audit: the records of the ledger's chain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

namespace method {
inline constexpr std::string_view audit = "io.jitd.Elevation.Audit";
} // namespace method

struct AuditCall {
    std::int64_t after = 0; // 0: from the beginning
    std::optional<WallTime> since;
    std::optional<std::string> user;
    std::optional<std::string> role;
    std::optional<std::string> event;
};
struct AuditReply {
    std::int64_t seq = 0; // 0: no record in this reply
    std::string hash;
    std::string record; // one line of JSON
    std::optional<std::int64_t> next;
};
Result<AuditCall> decode_audit_call(const json_t *parameters);
Json encode_audit_call(const AuditCall &call);
Result<AuditReply> decode_audit_reply(const json_t *parameters);
Json encode_audit_reply(const AuditReply &reply);

} // namespace jit::ipc
