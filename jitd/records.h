// Requests and grants as they are shown and recorded.
#pragma once

#include <optional>
#include <string>

#include "jitd/audit_record.h"
#include "jitd/grant_table.h"
#include "jitd/request_facts.h"
#include "jitd/store.h"
#include "lib/ipc/elevation.h"

namespace jit::daemon {

std::optional<std::string> unless_empty(const std::string &text);

ipc::RequestRecord make_request_record(const RequestFacts &facts);
ipc::GrantRecord make_grant_record(const Grant &grant, ipc::State state);

// From the ledger: a grant if it was ever granted, else a request.
ipc::ListReply make_record(const StoredRequest &stored);

// What a record of a grant's says of it. The message and what decided are the caller's.
AuditRecord record_of(const Grant &grant, Event event);

} // namespace jit::daemon
