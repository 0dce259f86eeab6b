// Reads one [role.NAME] table. Its patterns and requesters have a reader each.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/faults.h"
#include "policy/model.h"
#include "policy/parse.h"
#include "policy/table_reader.h"
#include "policy/toml_tree.h"

namespace jit::policy {

// What the roles of one set have in common: a zone or a pattern that many of them name is looked up
// and made once, and held once.
struct Shared {
    const ParseOptions &options; // of parse_policy()
    std::map<std::string, std::shared_ptr<const Zone>, std::less<>> zones{};
    std::map<std::string, std::shared_ptr<const Pattern>, std::less<>> patterns{};
};

// What could be read; a fault in it is in `faults`.
//   node  the table, with the role's name as its key
Role read_role(const TomlNode &node, Shared &shared, Faults &faults);

// `requesters` of a role: never empty unless a fault was said.
std::vector<Requester> read_requesters(TableReader &role, const ParseOptions &options);

// `accounts` of a role: ["*"] if absent, never empty unless a fault was said.
std::vector<AccountPattern> read_accounts(TableReader &role);

// `hosts` of a role: empty if absent.
std::vector<HostPattern> read_hosts(TableReader &role);

// What is wrong with the id of an entry of such a kind, user or group; empty: nothing.
inline constexpr std::string_view example_id = "\"group:3d0c5e5a-0000-4000-8000-000000000000\"";
std::string find_id_fault(std::string_view kind, std::string_view id, bool ids_are_guids);

// `approval` of a role. After its requesters.
void read_approval(TableReader &table, Role &role, const ParseOptions &options);

// `approvers` and `quorum` of a role, from its `approval`.
void read_approvers(TableReader &approval, Role &role, const ParseOptions &options);

// `justification` of a role.
void read_justification(TableReader &table, Role &role, Shared &shared);

// `limits` of a role. After its durations.
void read_limits(TableReader &table, Role &role);

// `end` of a role. After its durations.
void read_end(TableReader &table, Role &role);

// `shared` and `reuse` of a role. After its services, requesters and approval.
void read_logins(TableReader &table, Role &role);

// `sudo` of a role, and its pam_service. After its services.
void read_sudo(TableReader &table, Role &role);

// `conditions` of a role. After all the others, which they depend on.
void read_conditions(TableReader &table, Role &role, Shared &shared);

// Faults of a role that lists a service without sessions and wants what only those have. After all
// that.
void require_sessions(TableReader &table, const Role &role);

} // namespace jit::policy
