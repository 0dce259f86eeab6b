#include "jitd/given_approvals.h"

#include <algorithm>

#include "policy/approving.h"
#include "policy/same_id.h"

namespace jit::daemon {

std::vector<std::string> find_approvers(const policy::Role &role, std::string_view requester_oid,
                                        std::span<const GivenApproval> given)
{
    std::vector<std::string> found;
    for (const GivenApproval &one : given) {
        policy::Person person;
        person.user = one.user;
        person.oid = one.oid;
        person.signed_in = true;
        person.groups = one.groups;
        // One person in other letters is that person still.
        const bool is_counted =
            std::any_of(found.begin(), found.end(), [&](const std::string &known) {
                return policy::is_same_id(known, one.oid);
            });
        if (!is_counted && policy::approver_standing(role, requester_oid, person) ==
                               policy::ApproverStanding::approver)
            found.push_back(one.oid);
    }
    return found;
}

std::size_t count_approvals(const policy::Role &role, std::string_view requester_oid,
                            std::span<const GivenApproval> given)
{
    return find_approvers(role, requester_oid, given).size();
}

std::string name_approvers(std::span<const std::string> oids)
{
    std::string names;
    for (const std::string &oid : oids)
        names += (names.empty() ? "" : " ") + oid;
    return names;
}

std::vector<std::string> split_approvers(std::string_view oids)
{
    std::vector<std::string> split;
    while (!oids.empty()) {
        const std::size_t end = std::min(oids.find(' '), oids.size());
        if (end > 0)
            split.emplace_back(oids.substr(0, end));
        oids.remove_prefix(std::min(end + 1, oids.size()));
    }
    return split;
}

} // namespace jit::daemon
