// PIM for Groups in Graph: which call a request is, and the answer.
//
//   B = /v1.0/identityGovernance/privilegedAccess/group
//   GET   B/eligibilityScheduleInstances/filterByCurrentUser(on='principal')    pim_eligibility
//         (eligibilitySchedules as well)
//   POST  B/assignmentScheduleRequests             pim_activate, pim_deactivate by its action
//   GET   B/assignmentScheduleRequests/ID          pim_request
//   GET   B/assignmentScheduleRequests/filterByCurrentUser(on='principal'|'approver'|'createdBy')
//         B/assignmentScheduleRequests?$filter=    pim_requests
//   POST  B/assignmentScheduleRequests/ID/cancel   pim_cancel
//   GET   B/assignmentScheduleInstances/filterByCurrentUser(on='principal')
//         B/assignmentScheduleInstances?$filter=   pim_instances
//   GET   B/assignmentApprovals/ID, and PATCH .../stages/ID or .../steps/ID     pim_approval
//   GET   /v1.0/policies/roleManagementPolicyAssignments?$filter=               pim_policy
//
// A $filter is what an application asks with, or a person for whom a directory role lets it pass,
// whom nobody is here: groupId or principalId is needed.
#pragma once

#include <optional>

#include "tests/entra/graph.h"

namespace jit::entra {

struct PimCall {
    std::string endpoint; // as above: what faults and counts go by
    std::string id;       // of a request
    std::string stage;    // of an approval; empty: all of it
    std::string on;       // "principal"; empty: a $filter
};

std::optional<PimCall> find_pim_call(const std::string &method, const std::string &path,
                                     const std::string &body);

//   fault   what the reply is to be, where it is one of PIM's own kinds
Reply answer_pim(World &world, const GraphRequest &request, const PimCall &call, Now now,
                 const std::optional<Kind> &fault);

} // namespace jit::entra
