#include "policy/approving.h"

#include <algorithm>

#include "policy/same_id.h"

namespace jit::policy {

namespace {

using Kind = Approver::Kind;

bool has_group(const Role &role)
{
    const auto &approvers = role.approval.approvers;
    return std::any_of(approvers.begin(), approvers.end(),
                       [](const Approver &entry) { return entry.kind == Kind::group; });
}

bool lists_user(const Role &role, std::string_view oid)
{
    const auto &approvers = role.approval.approvers;
    return std::any_of(approvers.begin(), approvers.end(), [&](const Approver &entry) {
        return entry.kind == Kind::user && is_same_id(entry.value, oid);
    });
}

bool is_in(const Person &person, std::string_view group)
{
    return person.signed_in && person.groups &&
           std::any_of(person.groups->begin(), person.groups->end(),
                       [&](const std::string &id) { return is_same_id(id, group); });
}

bool is_listed(const Role &role, const Person &person)
{
    const auto &approvers = role.approval.approvers;
    return lists_user(role, person.oid) ||
           std::any_of(approvers.begin(), approvers.end(), [&](const Approver &entry) {
               return entry.kind == Kind::group && is_in(person, entry.value);
           });
}

bool has_approvers(const Role &role)
{
    return role.approval.mode == Approval::Mode::approver;
}

} // namespace

ApproverStanding approver_standing(const Role &role, std::string_view requester_oid,
                                   const Person &approver)
{
    if (!has_approvers(role) || requester_oid.empty())
        return ApproverStanding::stranger;
    if (is_same_id(requester_oid, approver.oid))
        return ApproverStanding::requester;
    if (approver.oid.empty()) // who signs in with it is known then, if the host finds him so
        return approver.found_by_sign_in && !approver.signed_in && !role.approval.approvers.empty()
                   ? ApproverStanding::needs_sign_in
                   : ApproverStanding::stranger;
    if (is_listed(role, approver))
        return ApproverStanding::approver;
    return !approver.signed_in && has_group(role) ? ApproverStanding::needs_sign_in
                                                  : ApproverStanding::stranger;
}

std::vector<std::string> approver_groups_in_doubt(const Role &role, const Person &approver)
{
    std::vector<std::string> out;
    const bool is_told = approver.groups && !approver.group_overage;
    if (!has_approvers(role) || !approver.signed_in || approver.oid.empty() || is_told ||
        is_listed(role, approver))
        return out;
    for (const Approver &entry : role.approval.approvers)
        if (entry.kind == Kind::group)
            out.push_back(entry.value);
    return out;
}

bool is_quorum(const Role &role, std::string_view requester_oid,
               std::span<const std::string> approver_oids)
{
    if (!has_approvers(role) || role.approval.approvers.empty() || requester_oid.empty())
        return false;
    const bool is_closed = !has_group(role);
    std::vector<std::string_view> counted;
    for (const std::string &oid : approver_oids) {
        const bool is_counted =
            std::any_of(counted.begin(), counted.end(),
                        [&](std::string_view known) { return is_same_id(known, oid); });
        if (!oid.empty() && !is_counted && !is_same_id(oid, requester_oid) &&
            (!is_closed || lists_user(role, oid)))
            counted.push_back(oid);
    }
    return counted.size() >= std::max(role.approval.quorum, 1U);
}

} // namespace jit::policy
