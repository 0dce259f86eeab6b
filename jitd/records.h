// Requests and grants as they are shown: the objects of io.jitd.Elevation.
#pragma once

#include <optional>
#include <string>

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

} // namespace jit::daemon
