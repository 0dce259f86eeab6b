// Check: may somebody pass a door now? Pure but for what it is handed to ask with.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jitd/audit_record.h"
#include "jitd/grant_table.h"
#include "jitd/settings.h"
#include "lib/base/result.h"
#include "lib/ipc/elevation.h"

namespace jit::daemon {

// The groups of a local user from the host's own files. An error counts as none.
using LocalGroups = std::function<Result<std::vector<std::string>>(const std::string &user)>;

struct DoorFacts {
    const Settings &settings;
    const GrantTable &grants;
    Now now;
    bool is_reconciled; // the grants of this boot have been checked
    HasMembership has_membership;
    LocalGroups local_groups;
};

struct DoorAnswer {
    std::optional<ipc::Fault> fault; // instead of the reply
    std::string fault_message;
    ipc::CheckReply reply;
    std::optional<AuditRecord> record; // refused, observed or exempted
};

// With a live grant this is a few look-ups in memory and one or two stat calls.
DoorAnswer answer_check(const ipc::CheckCall &call, const DoorFacts &facts);

} // namespace jit::daemon
