#include "tests/entra/pim_graph.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "tests/entra/graph_access.h"
#include "tests/entra/pim_errors.h"
#include "tests/entra/pim_lists.h"
#include "tests/entra/pim_requests.h"
#include "tests/entra/pim_spoil.h"

namespace jit::entra {

namespace {

constexpr std::string_view base = "/v1.0/identityGovernance/privilegedAccess/group/";
constexpr std::string_view policies = "/v1.0/policies/roleManagementPolicyAssignments";

std::vector<std::string> split_path(std::string_view path)
{
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        parts.emplace_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

// The word of filterByCurrentUser(on='...'); empty: it is none.
std::string subject_of(std::string_view part)
{
    constexpr std::string_view head = "filterByCurrentUser(on='";
    constexpr std::string_view tail = "')";
    if (!part.starts_with(head) || !part.ends_with(tail) || part.size() < head.size() + tail.size())
        return "";
    const std::string word{part.substr(head.size(), part.size() - head.size() - tail.size())};
    return word == "principal" || word == "approver" || word == "createdBy" ? word : "";
}

std::optional<PimCall> find_list(const std::vector<std::string> &parts, const char *endpoint)
{
    if (parts.size() == 1)
        return PimCall{endpoint, "", "", ""};
    const std::string on = parts.size() == 2 ? subject_of(parts[1]) : "";
    return on.empty() ? std::nullopt : std::optional{PimCall{endpoint, "", "", on}};
}

std::optional<PimCall> find_request_call(const std::string &method,
                                         const std::vector<std::string> &parts,
                                         const std::string &body)
{
    if (method == "POST" && parts.size() == 1) {
        const Json order = parse_json(body);
        const char *action = json_string_value(json_object_get(order.get(), "action"));
        const bool is_end = action != nullptr && to_lower(action) == "selfdeactivate";
        return PimCall{is_end ? "pim_deactivate" : "pim_activate", "", "", ""};
    }
    if (method == "POST" && parts.size() == 3 && parts[2] == "cancel")
        return PimCall{"pim_cancel", to_lower(parts[1]), "", ""};
    if (method != "GET")
        return std::nullopt;
    if (parts.size() == 2 && is_guid(parts[1]))
        return PimCall{"pim_request", to_lower(parts[1]), "", ""};
    return find_list(parts, "pim_requests");
}

std::optional<PimCall> find_approval_call(const std::string &method,
                                          const std::vector<std::string> &parts)
{
    const bool is_stage = parts.size() == 4 && (parts[2] == "stages" || parts[2] == "steps");
    if (method == "PATCH" && is_stage)
        return PimCall{"pim_approval", to_lower(parts[1]), to_lower(parts[3]), ""};
    if (method == "GET" && (parts.size() == 2 || is_stage))
        return PimCall{"pim_approval", to_lower(parts[1]), is_stage ? to_lower(parts[3]) : "", ""};
    return std::nullopt;
}

struct Need {
    std::string_view endpoint;
    std::string_view read; // either serves
    std::string_view write;
};

constexpr std::string_view read_assignments = "PrivilegedAssignmentSchedule.Read.AzureADGroup";
constexpr std::string_view write_assignments =
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup";
constexpr std::array needs{
    Need{"pim_eligibility", "PrivilegedEligibilitySchedule.Read.AzureADGroup",
         "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"},
    Need{"pim_activate", write_assignments, write_assignments},
    Need{"pim_deactivate", write_assignments, write_assignments},
    Need{"pim_cancel", write_assignments, write_assignments},
    Need{"pim_request", read_assignments, write_assignments},
    Need{"pim_requests", read_assignments, write_assignments},
    Need{"pim_instances", read_assignments, write_assignments},
    Need{"pim_approval", read_assignments, write_assignments},
    Need{"pim_policy", "RoleManagementPolicy.Read.AzureADGroup",
         "RoleManagementPolicy.ReadWrite.AzureADGroup"},
};

bool may_call(const AccessToken &token, const GraphRequest &request, const PimCall &call)
{
    const auto *need = std::find_if(needs.begin(), needs.end(),
                                    [&](const Need &one) { return one.endpoint == call.endpoint; });
    const bool writes = request.method == "PATCH";
    return need != needs.end() && ((!writes && token.has(need->read)) || token.has(need->write));
}

Reply answer(World &world, const GraphRequest &request, const PimCall &call,
             const AccessToken &token, Now now, const std::optional<Kind> &fault)
{
    if (call.endpoint == "pim_activate" || call.endpoint == "pim_deactivate")
        return answer_pim_order(world, request, token, now, fault);
    if (call.endpoint == "pim_request")
        return answer_pim_request(world, request, call, token, now);
    if (call.endpoint == "pim_cancel")
        return answer_pim_cancel(world, request, call, token, now);
    if (call.endpoint == "pim_approval")
        return answer_pim_approval(world, request, call, token, now);
    return answer_pim_list(world, request, call, token, now);
}

} // namespace

std::optional<PimCall> find_pim_call(const std::string &method, const std::string &path,
                                     const std::string &body)
{
    if (path == policies && method == "GET")
        return PimCall{"pim_policy", "", "", ""};
    if (!path.starts_with(base))
        return std::nullopt;
    const std::vector<std::string> parts = split_path(std::string_view{path}.substr(base.size()));
    if (parts.empty())
        return std::nullopt;
    const std::string &what = parts.front();
    if (what == "assignmentScheduleRequests")
        return find_request_call(method, parts, body);
    if (what == "assignmentApprovals")
        return find_approval_call(method, parts);
    if (method != "GET")
        return std::nullopt;
    if (what == "assignmentScheduleInstances")
        return find_list(parts, "pim_instances");
    if (what == "eligibilityScheduleInstances" || what == "eligibilitySchedules")
        return find_list(parts, "pim_eligibility");
    return std::nullopt;
}

Reply answer_pim(World &world, const GraphRequest &request, const PimCall &call, Now now,
                 const std::optional<Kind> &fault)
{
    AccessToken token;
    if (auto refusal = refuse_bearer(world, request, now, token))
        return *std::move(refusal);
    if (!may_call(token, request, call))
        return make_graph_error(request, make_pim_error("PermissionScopeNotGranted"));
    if (fault)
        if (const auto error = pim_error_instead(*fault))
            return make_graph_error(request, *error);
    Reply reply = answer(world, request, call, token, now, fault);
    if (fault)
        spoil_pim_reply(reply, *fault);
    return reply;
}

} // namespace jit::entra
