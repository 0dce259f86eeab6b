#include "policy/decide.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/overlap.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

using namespace std::chrono_literals;

bool contains(const std::vector<std::string> &list, std::string_view wanted)
{
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool is_same_id(std::string_view a, std::string_view b)
{
    if (is_guid(a) && is_guid(b))
        return to_lower(a) == to_lower(b);
    return !a.empty() && a == b;
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

// The conditions on a sign-in, once it is there. What the token does not say satisfies none.
Refusal find_unmet(const Conditions &conditions, const Person &person)
{
    if (person.is_guest && !conditions.guests)
        return Refusal::guest;
    if (!conditions.auth_context.empty() && !contains(person.contexts, conditions.auth_context))
        return Refusal::no_context;
    if (conditions.auth_age && (!person.auth_age || *person.auth_age > *conditions.auth_age))
        return Refusal::stale_sign_in;
    return Refusal::none;
}

} // namespace

bool covers_service(const Role &role, std::string_view service)
{
    return std::any_of(role.services.begin(), role.services.end(),
                       [&](const std::string &listed) { return covers(listed, service); });
}

std::vector<const Role *> gating_roles(const Policy &policy, const Door &door)
{
    std::vector<const Role *> out;
    for (const Role &role : policy.roles) {
        if (!covers_service(role, door.service))
            continue;
        const bool is_any_gated =
            std::any_of(door.account_names.begin(), door.account_names.end(),
                        [&](const std::string &name) { return matches_account(role, name); });
        if (door.account_names.empty() || is_any_gated)
            out.push_back(&role);
    }
    return out;
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

Decision decide(const Policy &policy, std::string_view role, const Person &person, const Host &host,
                WallTime now, std::optional<std::chrono::seconds> asked)
{
    Decision decision;
    decision.needs_sign_in = !person.signed_in;
    decision.role = policy.find(role);
    if (decision.role == nullptr) {
        decision.refusal = Refusal::unknown_role;
        return decision;
    }
    if (!is_for_host(*decision.role, host)) {
        decision.refusal = Refusal::wrong_host;
        return decision;
    }
    if (person.oid.empty() && (person.signed_in || !person.found_by_sign_in)) {
        decision.refusal = Refusal::no_person;
        return decision;
    }
    if (standing_of(*decision.role, person) == Standing::stranger) {
        const bool in_doubt = !groups_in_doubt(*decision.role, person).empty();
        decision.refusal = !in_doubt              ? Refusal::not_requester
                           : person.group_overage ? Refusal::group_overage
                                                  : Refusal::groups_unknown;
        return decision;
    }
    if (person.signed_in) {
        decision.refusal = find_unmet(decision.role->conditions, person);
        if (decision.is_refused())
            return decision;
    }
    const auto duration =
        std::max<std::chrono::seconds>(asked.value_or(decision.role->default_duration), 1s);
    if (duration > decision.role->max_duration) {
        decision.refusal = Refusal::too_long;
        return decision;
    }
    decision.duration = open_for(*decision.role, now, duration);
    if (decision.duration < 1s) {
        const Conditions &conditions = decision.role->conditions;
        decision.refusal = Refusal::outside_hours;
        decision.opens = opens_at(conditions.hours, *conditions.zone, now);
        return decision;
    }
    decision.refusal = Refusal::none;
    return decision;
}

} // namespace jit::policy
