#include "tests/entra/pim_errors.h"

#include <array>

#include "tests/entra/claims_request.h"
#include "tests/entra/encode.h"
#include "tests/entra/json.h"

namespace jit::entra {

namespace {

struct Row {
    std::string_view code;
    int status;
    const char *text;
};

// Of the last three Graph's own codes are not known.
constexpr std::array rows{
    Row{"RoleAssignmentExists", 400, "The Role assignment already exists."},
    Row{"PendingRoleAssignmentRequest", 400,
        "There is already an existing pending Role assignment request."},
    Row{"RoleAssignmentDoesNotExist", 400, "The Role assignment does not exist."},
    Row{"ActiveDurationTooShort", 400,
        "The role is active for less than the minimum required: it can be deactivated 5 minutes "
        "after its activation."},
    Row{"SubjectNotFound", 404, "The subject is not found."},
    Row{"InvalidRoleAssignmentRequestSchedule", 400, "The schedule of the request is invalid."},
    Row{"AadPremiumLicenseRequired", 403,
        "The tenant needs an AAD Premium 2 license or an Entra ID Governance license."},
    Row{"PermissionScopeNotGranted", 403, "Authorization failed due to missing permission scope."},
    Row{"Authorization_RequestDenied", 403, "Insufficient privileges to complete the operation."},
    Row{"BadRequest", 400, "Unable to read JSON request payload."},
    Row{"ResourceNotFound", 404, "The requested resource is not found."},
    Row{"RequestCannotBeCancelled", 400, "The request is not pending and cannot be canceled."},
    Row{"RequestAlreadyDecided", 409, "The approval has been decided already."},
};

constexpr const char *acrs_code = "RoleAssignmentRequestAcrsValidationFailed";

} // namespace

GraphError make_pim_error(std::string_view code)
{
    for (const Row &row : rows)
        if (row.code == code)
            return {row.status, std::string{code}, row.text};
    return {400, std::string{code}, "The request was refused."};
}

GraphError make_rules_error(const std::vector<std::string> &rules)
{
    const Json list{json_array()};
    for (const std::string &rule : rules)
        json_array_append_new(list.get(), json_text(rule).release());
    return {400, "RoleAssignmentRequestPolicyValidationFailed",
            "The following policy rules failed: " + dump_json(list.get())};
}

GraphError make_named_acrs_error(std::string_view context)
{
    return {400, acrs_code,
            "The role assignment request needs a step-up: claims=" + make_challenge(context)};
}

GraphError make_unknown_acrs_error(std::string_view context)
{
    const Json told{json_object()};
    put(told, "errorCode", acrs_code);
    put(told, "message", "&claims=" + encode_percent(make_challenge(context)));
    put(told, "instanceAnnotations", Json{json_array()});
    return {400, "UnknownError", dump_json(told.get())};
}

} // namespace jit::entra
