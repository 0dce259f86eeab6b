// What webhooks are told of one record of the audit. It waits in the ledger until it is sent, so no
// code is in it: that is added from memory when it is sent.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "jitd/audit_record.h"
#include "jitd/store.h"
#include "lib/base/secret.h"

namespace jit::daemon {

// What is not known is left empty. Text from outside is safe (safe_text).
struct Notice {
    std::string id;     // the same for all who are told: who is told twice knows it by this
    std::string event;  // of policy::notice_events
    std::string record; // the audit's own name of it
    WallTime at{};
    std::string host;
    std::string request;
    std::string grant;
    std::string role;
    std::string user;
    std::string oid;
    std::string approver_oid;
    std::string service;
    std::string rhost;
    std::string command;
    std::string reason;
    std::optional<std::chrono::seconds> duration;
    std::optional<WallTime> deadline; // of a request that waits
    std::optional<WallTime> until;    // of a grant
    std::string cause;
    std::string message;         // one line for people
    bool needs_approval = false; // by a second person: jitctl approve
};

// Where and with what the second person signs in.
struct NoticeCode {
    std::string uri;
    SecretString user_code;
};

// The event that webhooks know a record by; empty: they are not told of such. `expired` is a
// request whose time ran out, and a grant; `revoked` is every end of a grant before its time that
// its owner did not want: by root, by a policy without its role, by a reboot or a membership that
// went.
std::string_view notice_event_of(Event event);

//   at    when the record is written, unless it says so itself
//   row   of the record's request, as it will be; null: none
//   host  where the row has none
Notice make_notice(const AuditRecord &record, WallTime at, const StoredRequest *row,
                   std::string_view host, std::string id);

// As JSON, as the ledger keeps it: with what jitd.toml(5) says of the format json.
std::string encode_notice(const Notice &notice);
//   errors  bad_input
Result<Notice> decode_notice(const std::string &text);

} // namespace jit::daemon
