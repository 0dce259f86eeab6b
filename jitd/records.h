// Requests and grants as they are shown and recorded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jitd/audit_record.h"
#include "jitd/grant_table.h"
#include "jitd/kept_request.h"
#include "jitd/request_facts.h"
#include "jitd/store.h"
#include "lib/ipc/elevation.h"
#include "policy/config.h"

namespace jit::daemon {

std::optional<std::string> unless_empty(const std::string &text);

// A person for people: the user whose person it is by the map, else the id itself.
//   config  null: nobody is in a map
std::string name_person(std::string_view oid, const policy::Config *config);

ipc::RequestRecord make_request_record(const RequestFacts &facts, const Awaited *awaited);
//   config  says who is in the map; null: nobody
ipc::GrantRecord make_grant_record(const Grant &grant, ipc::State state,
                                   const policy::Config *config);

// As what a request that ended so is kept.
ipc::State state_of(ipc::Cause cause);

// From the ledger: a grant if it was ever granted, else a request.
ipc::ListReply make_record(const StoredRequest &stored, const policy::Config *config);

// Of a request that is refused before it begins: who wants what, from where.
//   rule  what decided
//   line  why, for people
AuditRecord refusal_of(const RequestFacts &facts, std::string_view rule, const std::string &line);

// What a record of a grant's says of it. The message and what decided are the caller's.
AuditRecord record_of(const Grant &grant, Event event);

} // namespace jit::daemon
