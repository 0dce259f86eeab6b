// The directory that the emulator plays: one tenant, its applications and people, from a TOML file.
//
//   tenant = "6f1c0000-0000-4000-8000-000000000000"
//   code_lifetime = 900            # seconds
//   interval = 5                   # seconds
//   slow_down_early = false        # true: an early poll, but the first, is told slow_down
//   other_tenants = ["<guid>"]     # exist, and know none of the applications
//   unsatisfied_contexts = ["c2"]  # authentication contexts whose policy nobody satisfies
//   groups_cap = 200               # a person in more groups has a token that only says so
//
//   [[app]]
//   client_id = "<guid>"
//   name = "Host elevation"
//   public = true                  # false: /token answers AADSTS7000218
//   optional_claims = ["auth_time", "acct"]   # also: upn email login_hint sid; and acrs: what was
//                                  # asked for in the access token is in the ID token as well
//   groups = true                  # groupMembershipClaims
//   roles = ["Elevate.Dba"]        # its app roles; a person's others are left out
//   consented_scopes = ["User.Read"]  # of the permissions that it asks a resource for, those that
//                                  # an administrator consented to; others are left out of what is
//                                  # granted. Absent: all. Entra's own refusal is control.h's
//                                  # `consent`
//
//   [[user]]
//   name = "Alice Example"
//   upn = "alice@contoso.com"
//   oid = "<guid>"
//   groups = ["<guid>"]
//   groups_numbered = 250          # and 9a000000-0000-4000-8000-000000000001 to ...000000000250
//   nested_groups = ["<guid>"]     # by way of other groups: Graph says so, no token does
//   overage = "claim_names"        # or "hasgroups": in place of `groups`, however few. Absent:
//                                  # _claim_names, above groups_cap
//   roles = ["Elevate.Dba"]
//   guest = false
//   step_up = "c1"                 # a policy wants this context: a flow whose `claims` do not ask
//                                  # for it ends in interaction_required with such a challenge
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/entra/pim_rules.h"

namespace jit::entra {

struct App {
    std::string client_id;
    std::string name;
    bool is_public = true;
    bool has_groups = true;
    std::vector<std::string> optional_claims;
    std::vector<std::string> roles;
    std::optional<std::vector<std::string>> consented_scopes; // nothing: all
    std::string warning;                                      // or empty
    std::string certificate;                                  // a PEM file, or empty
    std::vector<std::string> permissions;
};

enum class Overage {
    none,
    claim_names,
    hasgroups,
};

struct User {
    std::string name;
    std::string upn;
    std::string oid;
    std::vector<std::string> groups; // lower case, the numbered ones as well
    std::vector<std::string> nested_groups;
    Overage overage = Overage::none; // in a token's groups
    std::vector<std::string> roles;
    bool is_guest = false;
    std::string step_up; // a context, or empty
    bool has_mfa = true;
};

struct PimGroupConfig {
    std::string id;
    std::string name;
    std::vector<std::string> eligible;
    std::vector<std::string> approvers;
    PimRules rules;
};

struct ManagedIdentity {
    std::string client_id;
    std::vector<std::string> permissions;
};

struct Config {
    std::string tenant; // lower case
    std::vector<std::string> other_tenants;
    std::vector<std::string> unsatisfied_contexts;
    long code_lifetime_s = 900;
    long interval_s = 5;
    bool slow_down_early = false;
    long groups_cap = 200;
    std::vector<App> apps;
    std::vector<User> users;
    std::vector<PimGroupConfig> pim_groups;
    ManagedIdentity identity;

    const App *find_app(std::string_view client_id) const;
    // By UPN, shown name or object id, in any case; nullptr: none.
    const User *find_user(std::string_view who) const;
};

// Reads the file; on failure `fault` says what is wrong, with the line where one is known.
std::optional<Config> read_config(const std::string &path, std::string &fault);

bool contains(const std::vector<std::string> &list, std::string_view text);

} // namespace jit::entra
