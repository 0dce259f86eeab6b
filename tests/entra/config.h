// The directory that the emulator plays: one tenant, its applications and people, from a TOML file.
//
//   tenant = "6f1c0000-0000-4000-8000-000000000000"
//   code_lifetime = 900            # seconds
//   interval = 5                   # seconds
//   slow_down_early = false        # true: an early poll, but the first, is told slow_down
//   other_tenants = ["<guid>"]     # exist, and know none of the applications
//   unsatisfied_contexts = ["c2"]  # authentication contexts whose policy nobody satisfies
//
//   [[app]]
//   client_id = "<guid>"
//   name = "Host elevation"
//   public = true                  # false: /token answers AADSTS7000218
//   optional_claims = ["auth_time", "acct"]   # also: upn email login_hint sid
//   groups = true                  # groupMembershipClaims
//   roles = ["Elevate.Dba"]        # its app roles; a person's others are left out
//
//   [[user]]
//   name = "Alice Example"
//   upn = "alice@contoso.com"
//   oid = "<guid>"
//   groups = ["<guid>"]
//   roles = ["Elevate.Dba"]
//   guest = false
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::entra {

struct App {
    std::string client_id;
    std::string name;
    bool is_public = true;
    bool has_groups = true;
    std::vector<std::string> optional_claims;
    std::vector<std::string> roles;
};

struct User {
    std::string name;
    std::string upn;
    std::string oid;
    std::vector<std::string> groups;
    std::vector<std::string> roles;
    bool is_guest = false;
};

struct Config {
    std::string tenant; // lower case
    std::vector<std::string> other_tenants;
    std::vector<std::string> unsatisfied_contexts;
    long code_lifetime_s = 900;
    long interval_s = 5;
    bool slow_down_early = false;
    std::vector<App> apps;
    std::vector<User> users;

    const App *find_app(std::string_view client_id) const;
    // By UPN, shown name or object id, in any case; nullptr: none.
    const User *find_user(std::string_view who) const;
};

// Reads the file; on failure `fault` says what is wrong, with the line where one is known.
std::optional<Config> read_config(const std::string &path, std::string &fault);

bool contains(const std::vector<std::string> &list, std::string_view text);

} // namespace jit::entra
