// Check: may somebody pass a door now? Pure but for what it is handed to ask with.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jitd/audit_record.h"
#include "jitd/grant_table.h"
#include "jitd/settings.h"
#include "lib/ipc/elevation.h"
#include "policy/decide.h"

namespace jit::daemon {

struct DoorFacts {
    const Settings &settings;
    const GrantTable &grants;
    Now now;
    bool is_reconciled; // the grants of this boot have been checked
    HasMembership has_membership;
    std::string_view login_grant; // the one that the login was let in by already; empty: none
    std::string_view
        key; // what has proven who logs in, by the digest of its origin; empty: not one key
    // Only asked where there is a configuration.
    std::function<policy::Person(const std::string &user)> read_person;
    // Only asked for a grant whose groups su carries on: the gids of those that it may.
    std::function<std::vector<std::uint32_t>(const std::vector<std::string> &groups)> find_gids;
};

struct DoorAnswer {
    std::optional<ipc::Fault> fault; // instead of the reply
    std::string fault_message;
    ipc::CheckReply reply;
    std::optional<AuditRecord> record; // refused, observed, exempted or by-key
    std::string no_login; // what to say where nothing that was approved is had; empty: nothing
};

// With a live grant this is a few look-ups in memory and one or two stat calls.
DoorAnswer answer_check(const ipc::CheckCall &call, const DoorFacts &facts);

} // namespace jit::daemon
