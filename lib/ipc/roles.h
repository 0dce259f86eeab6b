// Roles of io.jitd.Elevation as structs: what elevation.h says of its messages holds here.
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
inline constexpr std::string_view roles = "io.jitd.Elevation.Roles";
} // namespace method

struct RoleRecord {
    std::string name;
    std::string description; // may be empty
    std::vector<std::string> groups;
    std::vector<std::string> services;
    std::chrono::seconds default_duration{};
    std::chrono::seconds max_duration{};
    std::optional<std::string> grant; // the caller's live one, and its end
    std::optional<WallTime> until;
};
struct OtherRole {
    std::string name;
    std::string rule;    // the condition that fails: "hours"
    std::string message; // for people
};
struct RolesCall {
    std::optional<std::string> after; // the role after which the list goes on
    std::optional<std::string> tty;
};
Result<RolesCall> decode_roles_call(const json_t *parameters);
Json encode_roles_call(const RolesCall &call);
struct RolesReply {
    std::vector<RoleRecord> roles;
    std::vector<OtherRole> others;
    std::optional<std::string> next; // there are more: ask again, after this role
};
Result<RolesReply> decode_roles_reply(const json_t *parameters);
Json encode_roles_reply(const RolesReply &reply);
Json encode_role(const RoleRecord &role);

} // namespace jit::ipc
