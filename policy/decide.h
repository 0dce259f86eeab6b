// What a policy says about one knock on one door, or about one request. Nothing here reads a file,
// a clock or the name service: the same inputs give the same answer on every host.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "policy/config.h"
#include "policy/model.h"
#include "policy/use.h"

namespace jit::policy {

// The PAM service and account that somebody wants to pass.
struct Door {
    std::string service;
    // Every known name of the account's uid; empty: the name could not be resolved, so the door is
    // gated by every role that lists the service.
    std::vector<std::string> account_names;
};

struct Host {
    std::string name;
    std::vector<std::string> tags;
};

// Whether a role gates a PAM service: doors_of().
bool covers_service(const Role &role, std::string_view service);

// Whether a role gates a door. Hosts, requesters and approval do not matter here: they only decide
// who may open it.
bool gates(const Role &role, const Door &door);

// The roles that gate a door, by name. Borrows from the policy.
std::vector<const Role *> gating_roles(const Policy &policy, const Door &door);

// What is known about a person before (and, with `signed_in`, after) the provider was asked.
struct Person {
    std::string user;              // local name
    std::string oid;               // from map, pin or token, lower case; empty: not known
    bool found_by_sign_in = false; // not known yet, but the sign-in will tell (match = upn)
    bool is_vouched = false;       // root has said who it is: by map, or by confirming a pin
    std::vector<std::string> local_groups; // from the group file, not made by jit
    bool signed_in = false;                // the fields below are from a verified token

    // Object ids. Absent: neither the token nor Graph told, which is not the same as none.
    std::optional<std::vector<std::string>> groups;
    bool group_overage = false; // the token left the groups out for their number
    std::vector<std::string> app_roles;
    bool is_guest = false;
    std::vector<std::string> contexts; // authentication contexts that were satisfied
    // How old the person's authentication was when the request began, with all slack taken off;
    // absent: the token does not say.
    std::optional<std::chrono::seconds> auth_age;
};

// The person as a role sees him: to an account that people share, somebody of whom nothing is known
// until he has signed in, and nothing then that this host says of the account.
//   unknown  holds what is returned where it is not the person himself
const Person &seen_by(const Role &role, const Person &person, Person &unknown);

// Whether a person is among a role's requesters. An object id in the form of a GUID is compared
// without regard to case, any other byte by byte.
enum class Standing {
    requester,
    stranger,     // no, and a sign-in would not change that
    needs_sign_in // no entry is met yet, and a group: or approle: entry could be
};
Standing standing_of(const Role &role, const Person &person);

// The groups that would make a person who has signed in a requester, if only it were known whether
// he is in one: empty when he is one already, when the token told all, or no group: is listed.
std::vector<std::string> groups_in_doubt(const Role &role, const Person &person);

bool is_for_host(const Role &role, const Host &host);

// How long the role is open from now on by its hours, `most` at most; below a second: it is closed.
std::chrono::seconds open_for(const Role &role, WallTime now, std::chrono::seconds most);

// From where somebody asks, or comes. What is empty satisfies no condition.
struct Whence {
    std::string_view tty;   // the terminal's name
    std::string_view rhost; // the address that a login comes from
};

// What is asked for. All of it borrowed for the call.
struct Ask {
    std::string_view role;
    std::optional<std::chrono::seconds> duration; // absent: the role's default; below 1 s is 1 s
    std::string_view reason;                      // empty: none
    bool may_add_reason = false;                  // nobody has been asked for one yet
    Whence whence;
};

// Why a request may not go on. Each has one line for people in `explain()`.
enum class Refusal {
    none,
    unknown_role,
    wrong_host,
    no_terminal, // conditions.tty
    wrong_place, // conditions.from
    no_person,   // no entry in [users].map, and none is found by the sign-in
    not_vouched, // a role as good as root: neither in the map nor confirmed
    not_requester,
    group_overage,  // the token leaves groups out, so it can't be seen that the person is in one
    groups_unknown, // the token has no groups claim, which does not mean that there are none
    guest,          // conditions.guests
    no_context,     // conditions.auth_context
    stale_sign_in,  // conditions.auth_age
    no_reason,      // justification.required
    other_reason,   // justification.pattern
    too_long,       // asked for more than max_duration
    outside_hours,  // conditions.hours
    cooling,        // limits.cooldown
    used_up,        // limits.per_day
    no_place,       // limits.max_active
};

// A word for the audit, "not-requester".
std::string_view name_of(Refusal refusal);
// The other way round; absent: it is the name of none.
std::optional<Refusal> refusal_of(std::string_view name);
// All names but that of none, in the order of the refusals.
std::vector<std::string_view> refusal_names();

struct [[nodiscard]] Decision {
    Refusal refusal = Refusal::not_requester;
    const Role *role = nullptr;      // borrowed from the policy; set unless unknown_role
    std::chrono::seconds duration{}; // granted at most; only if refusal is none
    // When it is worth asking again; only for outside_hours, cooling and used_up.
    std::optional<WallTime> again;
    bool needs_sign_in = true; // the person must (still) sign in: false only once he has

    bool is_refused() const { return refusal != Refusal::none; }
};

// Decides on a request, once before the provider is asked and again with `person.signed_in`. The
// first condition that fails is the refusal, in the order of Refusal.
//   use      of the role that is asked for; empty where somebody else counts
//   now      the duration ends with the hours in which that is, and with the budget of its day
Decision decide(const Policy &policy, const Ask &ask, const Person &person, const Host &host,
                const Use &use, WallTime now);

// The part of it that depends on the time and on what was had before: a refusal, or how long.
Decision decide_time(const Role &role, std::optional<std::chrono::seconds> asked, const Use &use,
                     WallTime now);

// One line: which role, what failed and what would satisfy it. No trailing full stop or newline.
std::string explain(const Decision &decision, std::string_view role, std::string_view user);

// What follows it for who may see the policy: ", did you mean \"dba\"?", or nothing.
std::string suggest_role(const Policy &policy, std::string_view name);

} // namespace jit::policy
