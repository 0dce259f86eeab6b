// The messages of io.jitd.Grant: what jitd asks of the root helper, and what it is told.
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

inline constexpr std::string_view grant_method = "io.jitd.Grant.Grant";
inline constexpr std::string_view extend_method = "io.jitd.Grant.Extend";
inline constexpr std::string_view end_method = "io.jitd.Grant.End";
inline constexpr std::string_view use_method = "io.jitd.Grant.Use";
inline constexpr std::string_view list_method = "io.jitd.Grant.List";

// The names of the interface's errors; each has one member, message.
inline constexpr std::string_view grant_not_permitted = "io.jitd.Grant.NotPermitted";
inline constexpr std::string_view grant_not_found = "io.jitd.Grant.NotFound";
inline constexpr std::string_view grant_misconfigured = "io.jitd.Grant.Misconfigured";
inline constexpr std::string_view grant_refused = "io.jitd.Grant.Refused";
inline constexpr std::string_view grant_policy_mismatch = "io.jitd.Grant.PolicyMismatch";
inline constexpr std::string_view grant_unavailable = "io.jitd.Grant.Unavailable";

struct GrantCall {
    std::string id;                  // is_id
    std::string user;                // is_name
    std::string role;                // is_name
    std::string oid;                 // 1 to 255 visible ASCII characters
    std::chrono::seconds duration{}; // 1 s to 366 days
    std::string policy;              // 64 lower-case hex digits
    bool is_trial = false;           // makes nothing
};

struct GrantReply {
    WallTime since;
    WallTime until;
    std::vector<std::string> groups;
    // Where the memberships are in the host's group file: those of the groups that were made for
    // the grant; the user has the others by right. Absent: all are files of the user database.
    std::optional<std::vector<std::string>> made{};
};

struct EndCall {
    std::string id;
    std::string cause; // dropped, revoked, policy, interrupted, used
};

struct UseCall {
    std::string id;
};

struct EndReply {
    bool ended = false; // false: it had ended before
};

struct GrantEntry {
    std::string id;
    std::string user;
    std::string role;
    std::vector<std::string> groups;
    WallTime since;
    WallTime until;
    bool live = false;
    std::optional<std::string> cause;
    std::optional<WallTime> ended;
    std::string backend = "userdb"; // userdb, etc-group: where its memberships are
};

struct GrantListCall {
    std::optional<std::string> after; // an id: only those that come after it
};

struct GrantList {
    std::vector<GrantEntry> entries; // in the order of their ids
    std::optional<std::string> next; // the last of them, if more come after it
};

// A person's id at the provider: visible ASCII (OpenID Connect Core section 2, `sub`).
bool is_person_id(std::string_view text);
// A SHA-256 as 64 lower-case hex digits.
bool is_digest(std::string_view text);

// Strict: a missing or unknown member, a wrong type, a name, id or time of another form are
// bad_input; so are entries out of order or twice, and a next that is not the last of them. Null
// for "no parameters" is not accepted but by decode_grant_list_call().
Result<GrantCall> decode_grant_call(const json_t *parameters);
Result<GrantReply> decode_grant_reply(const json_t *parameters);
Result<EndCall> decode_end_call(const json_t *parameters);
Result<EndReply> decode_end_reply(const json_t *parameters);
Result<UseCall> decode_use_call(const json_t *parameters);
Result<GrantListCall> decode_grant_list_call(const json_t *parameters);
Result<GrantList> decode_grant_list(const json_t *parameters);

// Null only when memory is short.
Json encode(const GrantCall &call);
Json encode(const GrantReply &reply);
Json encode(const EndCall &call);
Json encode(const EndReply &reply);
Json encode(const UseCall &call);
Json encode(const GrantListCall &call);
Json encode(const GrantList &list);

} // namespace jit::ipc
