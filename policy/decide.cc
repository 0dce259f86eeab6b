#include "policy/decide.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/overlap.h"
#include "policy/same_id.h"
#include "policy/services.h"
#include "policy/unmet.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;

bool contains(const std::vector<std::string> &list, std::string_view wanted)
{
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool is_met(const Requester &entry, const Person &person)
{
    switch (entry.kind) {
    case Requester::Kind::user:
        return is_same_id(entry.value, person.oid);
    case Requester::Kind::local_group:
        return contains(person.local_groups, entry.value);
    case Requester::Kind::group:
        return person.signed_in && person.groups &&
               std::any_of(person.groups->begin(), person.groups->end(),
                           [&](const std::string &id) { return is_same_id(entry.value, id); });
    case Requester::Kind::app_role:
        return person.signed_in && contains(person.app_roles, entry.value);
    }
    return false;
}

} // namespace

bool covers_service(const Role &role, std::string_view service)
{
    const auto doors = doors_of(role);
    return std::find(doors.begin(), doors.end(), asked_as(service)) != doors.end();
}

bool gates(const Role &role, const Door &door)
{
    return covers_service(role, door.service) &&
           (door.account_names.empty() ||
            std::any_of(door.account_names.begin(), door.account_names.end(),
                        [&](const std::string &name) { return matches_account(role, name); }));
}

std::vector<const Role *> gating_roles(const Policy &policy, const Door &door)
{
    std::vector<const Role *> out;
    const auto look_at = [&](const Role &role) {
        if (gates(role, door))
            out.push_back(&role);
    };
    if (const RoleIndex *index = policy.index()) {
        for (const std::uint32_t number :
             index->find_gating(asked_as(door.service), door.account_names))
            look_at(policy.roles[number]);
    } else {
        for (const Role &role : policy.roles)
            look_at(role);
    }
    return out;
}

const Person &seen_by(const Role &role, const Person &person, Person &unknown)
{
    if (!role.shared)
        return person;
    if (person.signed_in)
        unknown = person;
    unknown.user = person.user;
    unknown.local_groups.clear();
    if (!person.signed_in) {
        unknown.found_by_sign_in = true;
        unknown.is_vouched = true; // until it is known of whom that is asked
    }
    return unknown;
}

Standing standing_of(const Role &role, const Person &person)
{
    bool could_be = false;
    for (const Requester &entry : role.requesters) {
        if (is_met(entry, person))
            return Standing::requester;
        // Who is not known yet may also turn out to be the one that is named.
        could_be =
            could_be || entry.kind == Requester::Kind::group ||
            entry.kind == Requester::Kind::app_role ||
            (entry.kind == Requester::Kind::user && person.found_by_sign_in && person.oid.empty());
    }
    return could_be && !person.signed_in ? Standing::needs_sign_in : Standing::stranger;
}

std::vector<std::string> groups_in_doubt(const Role &role, const Person &person)
{
    std::vector<std::string> out;
    if (!person.signed_in || (person.groups && !person.group_overage) ||
        standing_of(role, person) == Standing::requester)
        return out;
    for (const Requester &entry : role.requesters)
        if (entry.kind == Requester::Kind::group)
            out.push_back(entry.value);
    return out;
}

bool is_for_host(const Role &role, const Host &host)
{
    if (role.hosts.empty())
        return true;
    // Host names have no case; tags are the administrator's own words.
    return std::any_of(role.hosts.begin(), role.hosts.end(), [&](const HostPattern &pattern) {
        return pattern.is_tag ? contains(host.tags, pattern.text)
                              : matches_glob(to_lower(pattern.text), to_lower(host.name));
    });
}

std::chrono::seconds open_for(const Role &role, WallTime now, std::chrono::seconds most)
{
    const Conditions &conditions = role.conditions;
    return conditions.hours.empty()
               ? most
               : closes_at(conditions.hours, *conditions.zone, now, most) - now;
}

namespace {

// All that does not depend on the time, in the order of Refusal.
Refusal find_unmet(const Role &role, const Ask &ask, const Person &person, const Host &host)
{
    for (const Refusal found :
         {find_other_host(role, host), find_out_of_place(role, ask.whence),
          find_no_person(role, person), find_not_vouched(role, person), find_stranger(role, person),
          find_guest(role, person), find_no_context(role, person), find_stale_sign_in(role, person),
          find_bad_reason(role, ask)})
        if (found != Refusal::none)
            return found;
    return Refusal::none;
}

} // namespace

// The shortest of what is asked for, the window and the budget.
Decision decide_time(const Role &role, std::optional<std::chrono::seconds> asked, const Use &use,
                     WallTime now)
{
    Decision decision;
    decision.role = &role;
    const auto refuse = [&](Refusal refusal, std::optional<WallTime> again) {
        decision.refusal = refusal;
        decision.again = again;
        return decision;
    };
    const Conditions &conditions = role.conditions;
    const auto wanted = std::max<std::chrono::seconds>(asked.value_or(role.default_duration), 1s);
    if (wanted > role.max_duration)
        return refuse(Refusal::too_long, std::nullopt);
    auto left = open_for(role, now, wanted);
    if (left < 1s)
        return refuse(Refusal::outside_hours, opens_at(conditions.hours, *conditions.zone, now));
    if (const auto cool = cool_at(role.limits, use, now))
        return refuse(Refusal::cooling, cool);
    if (role.limits.per_day)
        left = left_of_budget(role.limits, *conditions.zone, use, now, left);
    if (left < 1s)
        return refuse(Refusal::used_up, next_day(*conditions.zone, now));
    if (!has_place(role.limits, use))
        return refuse(Refusal::no_place, std::nullopt);
    decision.refusal = Refusal::none;
    decision.duration = left;
    return decision;
}

Decision decide(const Policy &policy, const Ask &ask, const Person &person, const Host &host,
                const Use &use, WallTime now)
{
    Decision decision;
    decision.refusal = Refusal::unknown_role;
    if (const Role *const role = policy.find(ask.role)) {
        Person unknown;
        decision.role = role;
        decision.refusal = find_unmet(*role, ask, seen_by(*role, person, unknown), host);
        if (!decision.is_refused())
            decision = decide_time(*role, ask.duration, use, now);
        decision.needs_sign_in = role->approval.has_sign_in() && !person.signed_in;
    }
    return decision;
}

} // namespace jit::policy
