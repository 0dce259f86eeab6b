#include "policy/unmet.h"

#include <algorithm>

namespace jit::policy {

Refusal find_out_of_place(const Role &role, const Whence &whence)
{
    const Conditions &conditions = role.conditions;
    if (conditions.tty && whence.tty.empty())
        return Refusal::no_terminal;
    if (conditions.from.empty())
        return Refusal::none;
    const auto address = parse_address(whence.rhost);
    const bool is_within =
        address && std::any_of(conditions.from.begin(), conditions.from.end(),
                               [&](const Network &each) { return contains(each, *address); });
    return is_within ? Refusal::none : Refusal::wrong_place;
}

Refusal find_other_host(const Role &role, const Host &host)
{
    return is_for_host(role, host) ? Refusal::none : Refusal::wrong_host;
}

Refusal find_no_person(const Role &role, const Person &person)
{
    const bool is_known_later =
        role.approval.has_sign_in() && person.found_by_sign_in && !person.signed_in;
    return person.oid.empty() && !is_known_later ? Refusal::no_person : Refusal::none;
}

Refusal find_not_vouched(const Role &role, const Person &person)
{
    return role.allow_root_equivalent && !person.is_vouched ? Refusal::not_vouched : Refusal::none;
}

Refusal find_stranger(const Role &role, const Person &person)
{
    if (standing_of(role, person) != Standing::stranger)
        return Refusal::none;
    if (groups_in_doubt(role, person).empty())
        return Refusal::not_requester;
    return person.group_overage ? Refusal::group_overage : Refusal::groups_unknown;
}

// What the token does not say satisfies none of the next three.

Refusal find_guest(const Role &role, const Person &person)
{
    return person.signed_in && person.is_guest && !role.conditions.guests ? Refusal::guest
                                                                          : Refusal::none;
}

Refusal find_no_context(const Role &role, const Person &person)
{
    const std::string &context = role.conditions.auth_context;
    if (!person.signed_in || context.empty())
        return Refusal::none;
    const auto &met = person.contexts;
    return std::find(met.begin(), met.end(), context) == met.end() ? Refusal::no_context
                                                                   : Refusal::none;
}

Refusal find_stale_sign_in(const Role &role, const Person &person)
{
    const auto &most = role.conditions.auth_age;
    if (!person.signed_in || !most)
        return Refusal::none;
    return !person.auth_age || *person.auth_age > *most ? Refusal::stale_sign_in : Refusal::none;
}

Refusal find_bad_reason(const Role &role, const Ask &ask)
{
    const Justification &wanted = role.justification;
    if (ask.reason.empty())
        return wanted.required && !ask.may_add_reason ? Refusal::no_reason : Refusal::none;
    return wanted.pattern && !wanted.pattern->is_in(ask.reason) ? Refusal::other_reason
                                                                : Refusal::none;
}

} // namespace jit::policy
