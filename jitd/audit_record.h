// One event of a request's or grant's life, as it goes to the journal and to the ledger.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace jit::daemon {

enum class Event {
    requested,
    code_issued,
    signed_in,
    approved,
    denied,
    cancelled,
    timed_out,
    granted,
    extended,
    used,
    by_key,
    warned,
    refused,
    dropped,
    revoked,
    expired,
    reconciled,
    observed,
    exempted,
    unwatched,
    policy_loaded,
    policy_rejected,
    config_changed,
    provider_error,
};

std::string_view name_of(Event event);  // "code-issued"
const char *message_id_of(Event event); // 32 hex digits, for MESSAGE_ID (sd_journal_send(3))
int priority_of(Event event);           // syslog(3)

// Rules that somebody should look at now, by which a record goes to the journal as an alert: a
// known name came with another object id;
inline constexpr std::string_view rule_pin_mismatch = "pin-mismatch";
// nobody was asked, since the role's approval is "auto".
inline constexpr std::string_view rule_unattended = "auto";
inline constexpr std::string_view rule_unproven = "unproven";
// Who wanted to approve a request: not one of the role's approvers; its own requester.
inline constexpr std::string_view rule_not_approver = "not-approver";
inline constexpr std::string_view rule_own_request = "own-request";

// What is not known is left empty; the writer leaves the field out.
struct AuditRecord {
    Event event = Event::refused;
    std::string message; // one line for people
    std::string request;
    bool has_grant = false; // from granting on: JIT_GRANT is the request's id, if not another's:
    std::string extends;    // the grant that a request is to extend; empty: it makes one
    std::string role;
    std::string user;
    std::optional<uid_t> uid;
    std::string oid;
    std::string approver_oid; // of several: with a space between two
    std::string service;
    std::string tty;
    std::string rhost;
    std::string command; // at most 256 bytes, made safe when it is written
    std::string reason;
    std::string correlation;
    std::optional<std::chrono::seconds> asked; // of a request, where its duration was named
    std::optional<WallTime> until;
    std::string rule; // the condition or cause that decided: "not-requester", "policy"
    std::vector<std::string> processes; // that ran under a grant when it ended
    std::optional<WallTime> at;         // absent: when it is written

    // For notices (notice.h); in no record.
    std::optional<std::chrono::seconds> duration; // that was asked for
    bool needs_approval = false;                  // by a second person
};

// The record as one line of JSON, members in a fixed order, what is empty left out: what the
// ledger's hash is over. Text from outside is made safe here.
std::string encode_record(const AuditRecord &record, WallTime at);

// What encode_record() made. Errors: bad_input.
Result<AuditRecord> decode_record(const std::string &text);

// The fields of a record as the journal names them, JIT_CHAIN excepted.
struct JournalField {
    std::string_view name;
    std::string value;
};
std::vector<JournalField> journal_fields(const AuditRecord &record);

} // namespace jit::daemon
