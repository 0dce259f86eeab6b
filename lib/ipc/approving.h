// Pending, Approve, Deny and Leave of io.jitd.Elevation as structs: what elevation.h says of its
// messages holds here. The replies of Approve and Deny are those of Request.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

namespace method {
inline constexpr std::string_view pending = "io.jitd.Elevation.Pending";
inline constexpr std::string_view approve = "io.jitd.Elevation.Approve";
inline constexpr std::string_view deny = "io.jitd.Elevation.Deny";
inline constexpr std::string_view leave = "io.jitd.Elevation.Leave";
} // namespace method

struct PendingCall {
    std::optional<std::string> id;    // absent: all that the caller is named for
    std::optional<std::string> after; // an id: go on behind it
};
// What somebody else asks for, as its approver needs to see it.
struct PendingRecord {
    std::string id;
    std::string role;
    std::string description; // of the role; may be empty
    std::string user;
    std::optional<std::string> person; // who asks, where the user is a shared account
    std::string host;
    std::optional<std::string> service;
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::optional<std::string> command;
    std::chrono::seconds duration{};
    std::optional<std::string> extends; // the grant that is to go on longer
    std::optional<std::string> reason;
    WallTime deadline{};
    std::vector<std::string> approvers; // object ids of those who have said yes; at most 64
    unsigned needed = 1;                // how many must
};
// One request; without it there is none.
struct PendingReply {
    std::optional<PendingRecord> request;
    std::optional<std::string> next; // in the last one: there are more, after this id
};
Result<PendingCall> decode_pending_call(const json_t *parameters);
Result<PendingReply> decode_pending_reply(const json_t *parameters);
Json encode_pending_call(const PendingCall &call);
Json encode_pending_reply(const PendingReply &reply);
// The same object that jitctl prints.
Json encode_pending(const PendingRecord &record);

struct ApproveCall {
    std::string id;
    std::optional<std::string> tty;
};
struct DenyCall {
    std::string id;
    std::string reason; // never empty
    std::optional<std::string> tty;
};
Result<ApproveCall> decode_approve_call(const json_t *parameters);
Result<DenyCall> decode_deny_call(const json_t *parameters);
Json encode_approve_call(const ApproveCall &call);
Json encode_deny_call(const DenyCall &call);

} // namespace jit::ipc
