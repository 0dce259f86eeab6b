// What a policy says, after it has been read and found without fault.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/zone.h"
#include "policy/hours.h"

namespace jit::policy {

// Who may ask: one entry of a role's `requesters`.
struct Requester {
    enum class Kind {
        user,        // a person's object id (or `sub`, with an issuer)
        group,       // an identity group's object id, from the token
        app_role,    // a role of the application, from the token
        local_group, // a group of this host, memberships made by jit left out
    };
    Kind kind = Kind::user;
    std::string value; // object ids in lower case
};

// One pattern of `accounts`: a glob over local account names, or its negation.
struct AccountPattern {
    bool negated = false;
    std::string glob;
};

// One pattern of `hosts`: a glob over the host's name, or a tag it must have.
struct HostPattern {
    bool is_tag = false;
    std::string text;
};

// What a sign-in must show beyond who it is.
struct Conditions {
    std::string auth_context;                     // must be in `acrs`; empty: none
    std::optional<std::chrono::seconds> auth_age; // `auth_time` no older when the request began
    bool guests = false;                          // whether a guest of the tenant counts
    std::vector<Window> hours;        // when it may be asked for, and is had; empty: always
    std::shared_ptr<const Zone> zone; // whose clocks hours are; set if there are any
};

struct Role {
    std::string name;
    std::string description;
    std::vector<std::string> groups;      // never empty
    std::vector<Requester> requesters;    // never empty
    std::vector<std::string> services;    // empty: reached by `jitctl request` only
    std::vector<AccountPattern> accounts; // never empty
    std::vector<HostPattern> hosts;       // empty: every host
    std::chrono::seconds default_duration{};
    std::chrono::seconds max_duration{};     // above 0, at most 24 h
    std::chrono::seconds approval_timeout{}; // how long a request may wait for its approval
    Conditions conditions;
    bool allow_system_accounts = false;
};

struct Policy {
    std::vector<Role> roles; // by name, each name once

    const Role *find(std::string_view name) const; // nullptr: no such role
};

} // namespace jit::policy
