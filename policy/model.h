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
#include "policy/network.h"
#include "policy/pattern.h"
#include "policy/role_index.h"
#include "policy/sudo_rule.h"

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

// What a request must come with beyond a person: his sign-in, its place and its time.
struct Conditions {
    std::string auth_context;                     // must be in `acrs`; empty: none
    std::optional<std::chrono::seconds> auth_age; // `auth_time` no older when the request began
    bool guests = false;                          // whether a guest of the tenant counts
    bool accept_stale_signin = false; // a role as good as root without one of the first two
    std::vector<Window> hours;        // when it may be asked for, and is had; empty: always
    std::shared_ptr<const Zone> zone; // whose clocks hours and days are; never null once read
    std::vector<Network> from;        // where a login must come from; empty: anywhere
    bool tty = false;                 // whether there must be a terminal
};

// Who may approve: one entry of a role's `approval.approvers`.
struct Approver {
    enum class Kind {
        user, // a person's object id (or `sub`, with an issuer)
        group // an identity group's object id, from the approver's own token
    };
    Kind kind = Kind::user;
    std::string value; // object ids in lower case
};

// Who says yes.
struct Approval {
    enum class Mode {
        self,     // the requester's own fresh sign-in
        none,     // "auto": nobody; no provider is asked
        approver, // his own sign-in, then those of others
        pim,      // his own sign-in, by which Entra activates his membership of pim_group
        watch     // he activates it himself, in Entra; the host looks on, and nobody signs in here
    };
    Mode mode = Mode::self;
    std::chrono::seconds timeout{};  // how long a request may wait for it
    std::vector<Approver> approvers; // of approver, and never empty then; each once
    unsigned quorum = 1;             // of approver: so many of them, 1 to 32
    std::string pim_group;           // of pim and watch: object id in lower case
    std::chrono::seconds window{0};  // of watch: an activation so much older still counts
    enum class Bind {
        token, // the activation's justification has to hold the token that was shown
        none
    };
    Bind bind = Bind::token; // of watch

    // Whether the requester himself signs in, which alone tells what a token says.
    bool has_sign_in() const { return mode != Mode::none && mode != Mode::watch; }
};

// Why somebody asks.
struct Justification {
    bool required = false;
    std::string hint;                       // what is shown to who is asked for one; may be empty
    std::shared_ptr<const Pattern> pattern; // must be found in it; null: anything will do
};

// How much of a role a person, and how many people, may have.
struct Limits {
    std::optional<std::chrono::seconds> per_day;  // of one person, by the days of the role's zone
    std::optional<std::chrono::seconds> cooldown; // between the end of a grant and the next one
    std::optional<unsigned> max_active;           // people at once
    bool single_use = false;                      // ends with the first session under it

    bool is_any() const { return per_day || cooldown || max_active; } // counted over grants
};

// What comes with the end of a grant.
struct End {
    enum class Action {
        stop_new, // nothing begins any more; what runs goes on
        terminate // what was started under it ends with it
    };
    Action action = Action::stop_new;
    std::vector<std::chrono::seconds> warn; // so long before it its user is told; longest first
    std::chrono::seconds grace{30};         // of terminate: from SIGTERM to SIGKILL
};

// As a policy file says it: "auto".
std::string_view name_of(Approval::Mode mode);
// The other way round; absent: it names none.
std::optional<Approval::Mode> approval_mode_of(std::string_view name);

struct Role {
    std::string name;
    std::string description;
    std::vector<std::string> groups;      // never empty
    std::vector<Requester> requesters;    // never empty
    std::vector<std::string> services;    // empty: reached by `jitctl request` only
    std::vector<AccountPattern> accounts; // never empty
    std::vector<HostPattern> hosts;       // empty: every host
    std::chrono::seconds default_duration{};
    std::chrono::seconds max_duration{}; // above 0, at most 24 h
    Approval approval;
    Conditions conditions;
    Justification justification;
    Limits limits;
    End end;
    std::vector<SudoRule> sudo_rules; // what sudo lets its members do; empty: not said here
    std::string pam_service;          // sudo's own PAM service for those rules; empty: sudo
    // A login to an account that several people have: who signs in is the requester, and the grant
    // is for that one login; with reuse, for later ones with the same key from the same address.
    enum class Reuse {
        none,
        key,
    };
    bool shared = false;
    Reuse reuse = Reuse::none;
    bool carry = false; // the shell that su starts has the groups, too
    bool allow_system_accounts = false;
    bool allow_root_equivalent = false; // its groups may be as good as root
};

struct Policy {
    std::vector<Role> roles; // by name, each name once

    // Makes find() and gating_roles() as fast with ten thousand roles as with ten. The last thing
    // that is done to the roles: what is changed in one after that is not found by it. Without an
    // index, or with more or fewer roles than it knows, all roles are looked at.
    void make_index() { index_ = RoleIndex{roles}; }
    const RoleIndex *index() const { return index_.size() == roles.size() ? &index_ : nullptr; }

    const Role *find(std::string_view name) const; // nullptr: no such role

  private:
    RoleIndex index_;
};

} // namespace jit::policy
