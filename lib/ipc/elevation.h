// The messages of io.jitd.Elevation (io.jitd.Elevation.varlink) as structs.
//
// Each decode_ takes the parameters of a call or reply and is strict: an unknown member, a missing
// one, a wrong type, a string over its cap or a number out of its range is Code::bad_input. JSON
// null is as good as absent, and so is a null pointer for an object without members. Each encode_
// gives an object of our own, null only when memory is short.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/json.h"
#include "lib/ipc/leftovers.h"
#include "lib/ipc/limits.h"

namespace jit::ipc {

namespace method {
inline constexpr std::string_view check = "io.jitd.Elevation.Check";
inline constexpr std::string_view request = "io.jitd.Elevation.Request";
inline constexpr std::string_view cancel = "io.jitd.Elevation.Cancel";
inline constexpr std::string_view hurry = "io.jitd.Elevation.Hurry";
inline constexpr std::string_view list = "io.jitd.Elevation.List";
inline constexpr std::string_view drop = "io.jitd.Elevation.Drop";
inline constexpr std::string_view revoke = "io.jitd.Elevation.Revoke";
inline constexpr std::string_view session_opened = "io.jitd.Elevation.SessionOpened";
inline constexpr std::string_view session_closed = "io.jitd.Elevation.SessionClosed";
} // namespace method

// Caps, in bytes. Names and ids have their own form (is_name, is_id).
inline constexpr std::size_t max_reason_bytes = 512;
inline constexpr std::size_t max_command_bytes = 256;
inline constexpr std::size_t max_tty_bytes = 64;
inline constexpr std::size_t max_rhost_bytes = 256;
inline constexpr std::size_t max_service_bytes = 64;
inline constexpr std::size_t max_host_bytes = 256;
inline constexpr std::size_t max_account_bytes = 256;
inline constexpr std::size_t max_message_bytes = 2048;

// Words of the protocol: name_of() and parse_ are each other's inverse; a word that is not among
// them is refused.
enum class Phase {
    auth,
    account,
};
enum class Verdict {
    live,     // a live grant opens the door
    request,  // no grant; the role may be asked for
    choose,   // no grant; one of several roles may be asked for
    denied,   // no
    ignore,   // no role gates the door
    exempt,   // the way round, from [pam].exempt
    observed, // would be denied, and the host only observes
};
enum class Progress {
    pending,
    code,
    approval,
    approved, // over ssh: granted once the login is there
    granted,
    denied,
};
enum class Cause {
    declined,       // the person said no at the provider
    refused,        // the policy says no
    wrong_person,   // somebody else signed in
    expired,        // the code ran out
    timed_out,      // the request ran out
    unreachable,    // the provider does not answer
    not_trusted,    // TLS or the token's signature
    misconfigured,  // registration, tenant or policy
    blocked,        // the provider will not let this person or host
    broken,         // the provider's answer makes no sense
    cancelled,      // by the requester
    failed,         // our fault, the root helper's included
    policy_changed, // the role went while the request waited
};
enum class State {
    pending_signin,
    pending_approval,
    live,
    ended,
    denied,
    cancelled,
    timed_out,
};
enum class Fault {
    not_permitted,
    not_found,
    misconfigured,
    refused,
    too_many,
    unavailable,
    reason_wanted,
};
std::string_view name_of(Phase phase);
std::string_view name_of(Verdict verdict);
std::string_view name_of(Progress progress);
std::string_view name_of(Cause cause); // "wrong-person"
std::string_view name_of(State state); // "pending-signin"
std::string_view name_of(Fault fault); // the whole name, "io.jitd.Elevation.NotPermitted"
std::optional<Phase> parse_phase(std::string_view text);
std::optional<Verdict> parse_verdict(std::string_view text);
std::optional<Progress> parse_progress(std::string_view text);
std::optional<Cause> parse_cause(std::string_view text);
std::optional<State> parse_state(std::string_view text);
std::optional<Fault> parse_fault(std::string_view text);

// What an application was told about an account can be anything; only the requester is surely a
// name, where there is no problem.
struct CheckCall {
    std::string requester;
    std::string account;
    std::vector<std::string> account_names; // at most 16; empty: could not be resolved
    std::string service;
    Phase phase = Phase::auth;
    std::optional<std::string> role;
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::optional<std::string> command;
    std::optional<std::string> connection; // over ssh: SSH_CONNECTION, sshd(8)
    std::optional<std::string> proof;      // and SSH_AUTH_INFO_0: what has succeeded so far
    std::optional<std::string> problem;    // why the caller refuses; requester may then be no name
    bool unproven = false;                 // nobody has proven that the requester is there
    bool observe = false;                  // the caller passes in any case
};
struct CheckReply {
    Verdict verdict = Verdict::denied;
    std::optional<std::string> role;
    std::optional<std::vector<std::string>> roles; // at most 64
    std::optional<std::string> grant;
    std::optional<WallTime> until;
    bool confine = false;             // the caller waits for the answer to SessionOpened
    std::vector<std::uint32_t> carry; // gids that the shell of su gets; at most 16, never 0
    bool is_granted = false;          // by this very call
    std::optional<std::string> message;
};
Result<CheckCall> decode_check_call(const json_t *parameters);
Result<CheckReply> decode_check_reply(const json_t *parameters);
Json encode_check_call(const CheckCall &call);
Json encode_check_reply(const CheckReply &reply);

struct RequestCall {
    std::string role;
    std::optional<std::string> user;
    std::optional<std::chrono::seconds> duration; // 1 s to 366 days, as all durations here
    std::optional<std::string> reason;
    std::optional<std::string> service;
    std::optional<std::string> tty;
    std::optional<std::int64_t> session; // 0 to 2^32 - 1
    std::optional<std::string> rhost;
    std::optional<std::string> command;
    std::optional<std::chrono::seconds> timeout;
    std::optional<std::string> connection; // as CheckCall has them
    std::optional<std::string> proof;
    bool unproven = false;
};
struct RequestReply {
    Progress state = Progress::denied;
    std::string id;
    std::string role;
    std::optional<std::string> host;
    std::optional<std::chrono::seconds> duration;
    std::optional<std::string> uri;
    std::optional<std::string> qr; // of the uri: lib/ipc/qr_picture.h
    std::optional<std::string> code;
    std::optional<std::chrono::seconds> expires; // from now; the shorter of code and request
    std::optional<WallTime> until;
    std::optional<std::vector<std::string>> groups; // at most 64
    bool confine = false;                           // as CheckReply has it
    std::optional<Cause> cause;
    std::optional<std::string> message;
};
Result<RequestCall> decode_request_call(const json_t *parameters);
Result<RequestReply> decode_request_reply(const json_t *parameters);
Json encode_request_call(const RequestCall &call);
Json encode_request_reply(const RequestReply &reply);

// Of Cancel and Hurry.
struct RequestIdCall {
    std::string id;
};
Result<RequestIdCall> decode_request_id_call(const json_t *parameters);
Json encode_request_id_call(const RequestIdCall &call);

struct GrantRecord {
    std::string id;
    std::string role;
    std::string user;
    std::string oid; // may be empty
    std::vector<std::string> groups;
    State state = State::ended;
    WallTime since{};
    WallTime until{};
    std::string host;
    std::optional<std::string> service;
    std::vector<std::string> approvers;
    std::optional<std::string> reason;
    std::optional<std::string> person; // who has it, where the user is a shared account: for people
    std::optional<Leftovers> leftovers; // of an ended one that was asked for by its id
};
struct RequestRecord {
    std::string id;
    std::string role;
    std::string user;
    std::string oid; // may be empty
    std::vector<std::string> groups;
    State state = State::denied;
    WallTime deadline{};
    std::string host;
    std::optional<std::string> service;
    std::vector<std::string> approvers;
    std::optional<std::string> reason;
};
struct ListCall {
    std::optional<std::string> id;
    bool all = false;
    bool ended = false;
    std::optional<std::string> after; // an id: what is not ended goes on behind it
};
// One of the two, or neither: nothing to show.
struct ListReply {
    std::optional<GrantRecord> grant;
    std::optional<RequestRecord> request;
    std::optional<std::string> next; // in the last one: there are more, after this id
};
Result<ListCall> decode_list_call(const json_t *parameters);
Result<ListReply> decode_list_reply(const json_t *parameters);
Json encode_list_call(const ListCall &call);
Json encode_list_reply(const ListReply &reply);
// The same objects that jitctl prints.
Json encode_grant(const GrantRecord &grant);
Json encode_request(const RequestRecord &request);

// Exactly one of the two is given; exactly one of the four.
struct DropCall {
    std::optional<std::string> id;
    std::optional<std::string> role;
};
struct RevokeCall {
    std::optional<std::string> id;
    std::optional<std::string> user;
    std::optional<std::string> role;
    bool all = false;
};
// The reply of Drop and of Revoke.
struct IdsReply {
    std::vector<std::string> ids; // at most 1024
    // What the person has to know besides: an activation in Entra that could not be ended.
    std::optional<std::string> message = {};
};
Result<DropCall> decode_drop_call(const json_t *parameters);
Result<RevokeCall> decode_revoke_call(const json_t *parameters);
Result<IdsReply> decode_ids_reply(const json_t *parameters);
Json encode_drop_call(const DropCall &call);
Json encode_revoke_call(const RevokeCall &call);
Json encode_ids_reply(const IdsReply &reply);

// SessionOpened, and SessionClosed, which has the first five members only. Of the first two one is
// there.
struct SessionCall {
    std::optional<std::string> grant;
    std::optional<std::string> connection; // over ssh: the grant that its Check was told of
    std::string requester;
    std::string account;
    std::string service;
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::optional<std::string> command;
};
Result<SessionCall> decode_session_opened(const json_t *parameters);
Result<SessionCall> decode_session_closed(const json_t *parameters);
Json encode_session_opened(const SessionCall &call);
Json encode_session_closed(const SessionCall &call);

// A reply without members: of Cancel, SessionOpened and SessionClosed.
Result<void> decode_empty_reply(const json_t *parameters);

// The parameters of our own errors; not longer than max_message_bytes, safe or not.
Result<std::string> decode_fault_message(const json_t *parameters);

} // namespace jit::ipc
