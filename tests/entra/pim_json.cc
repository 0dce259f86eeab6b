#include "tests/entra/pim_json.h"

#include "lib/base/text.h"
#include "tests/entra/iso_duration.h"

namespace jit::entra {

namespace {

void put_null(const Json &object, const char *name)
{
    put(object, name, Json{json_null()});
}

void put_or_null(const Json &object, const char *name, const std::string &text)
{
    if (text.empty())
        put_null(object, name);
    else
        put(object, name, text);
}

void put_or_null(const Json &object, const char *name, const std::optional<WallTime> &time)
{
    put_or_null(object, name, time ? graph_time(*time) : std::string{});
}

void put_flag(const Json &object, const char *name, bool value)
{
    put(object, name, Json{json_boolean(value)});
}

Json person(const Config &config, const std::string &oid)
{
    Json row{json_object()};
    put(row, "id", oid);
    if (const User *user = config.find_user(oid); user != nullptr) {
        put(row, "displayName", user->name);
        put(row, "userPrincipalName", user->upn);
    }
    return row;
}

Json rule(const char *type, const char *id)
{
    Json row{json_object()};
    put(row, "@odata.type", "#microsoft.graph.unifiedRoleManagementPolicy" + std::string{type});
    put(row, "id", id);
    return row;
}

Json schedule_of(const PimRequest &request, const std::string &type)
{
    Json expiration{json_object()};
    put(expiration, "type", type);
    put_null(expiration, "endDateTime");
    put_or_null(expiration, "duration",
                request.order.duration.count() > 0 ? format_iso_duration(request.order.duration)
                                                   : "");
    Json info{json_object()};
    put(info, "startDateTime", graph_time(request.start));
    put_null(info, "recurrence");
    put(info, "expiration", std::move(expiration));
    return info;
}

} // namespace

std::string graph_time(WallTime time)
{
    std::string text = format_time(time);
    text.insert(text.size() - 1, ".3404527");
    return text;
}

std::string PimJson::spell(std::string word) const
{
    char &first = word.front();
    if (is_pascal_ && first >= 'a' && first <= 'z')
        first = static_cast<char>(first - 'a' + 'A');
    return word;
}

Json PimJson::eligibility(const PimEligibility &row) const
{
    Json out{json_object()};
    put(out, "id", row.schedule);
    put(out, "principalId", row.principal);
    put(out, "groupId", row.group);
    put(out, "accessId", spell(row.access_id));
    put(out, "memberType", spell("direct"));
    put(out, "startDateTime", graph_time(row.start));
    put_null(out, "endDateTime");
    put(out, "eligibilityScheduleId", row.schedule);
    return out;
}

Json PimJson::request(const PimRequest &request) const
{
    const PimOrder &order = request.order;
    Json out{json_object()};
    put(out, "id", request.id);
    put(out, "status", request.status);
    put(out, "createdDateTime", graph_time(request.created));
    put_or_null(out, "completedDateTime", request.completed);
    put_or_null(out, "approvalId",
                request.status == "PendingApproval" || request.reviewed ? request.id
                                                                        : std::string{});
    put_null(out, "customData");
    Json user{json_object()};
    put(user, "id", order.asked_by);
    Json by{json_object()};
    put(by, "user", std::move(user));
    put(out, "createdBy", std::move(by));
    put(out, "action", spell(order.action));
    put_flag(out, "isValidationOnly", order.is_validation_only);
    put(out, "justification", order.justification);
    put(out, "scheduleInfo",
        schedule_of(request, spell(order.duration.count() > 0 ? "afterDuration" : "noExpiration")));
    Json ticket{json_object()};
    put_or_null(ticket, "ticketNumber", order.ticket_number);
    put_or_null(ticket, "ticketSystem", order.ticket_system);
    put(out, "ticketInfo", std::move(ticket));
    put(out, "accessId", spell(order.access_id));
    put(out, "principalId", order.principal);
    put(out, "groupId", order.group);
    put_or_null(out, "targetScheduleId", request.schedule);
    return out;
}

Json PimJson::instance(const PimInstance &instance) const
{
    Json out{json_object()};
    put(out, "id", instance.id);
    put(out, "principalId", instance.principal);
    put(out, "groupId", instance.group);
    put(out, "accessId", spell(instance.access_id));
    put(out, "assignmentType", spell(instance.is_activation ? "activated" : "assigned"));
    put(out, "memberType", spell("direct"));
    put(out, "startDateTime", graph_time(instance.start));
    put_or_null(out, "endDateTime", instance.end);
    put(out, "assignmentScheduleId", instance.schedule);
    return out;
}

Json PimJson::stage(const Config &config, const PimGroup &group, const PimRequest &request,
                    std::string_view reader) const
{
    Json out{json_object()};
    put(out, "id", request.stage);
    put_null(out, "displayName");
    put(out, "status", request.status == "PendingApproval" ? "InProgress" : "Completed");
    put(out, "reviewResult", request.review);
    put_flag(out, "assignedToMe", contains(group.approvers, reader));
    put(out, "justification", request.review_text);
    put_or_null(out, "reviewedDateTime", request.reviewed);
    if (request.reviewer.empty())
        put_null(out, "reviewedBy");
    else
        put(out, "reviewedBy", person(config, request.reviewer));
    return out;
}

Json PimJson::approval(const Config &config, const PimGroup &group, const PimRequest &request,
                       std::string_view reader) const
{
    Json stages{json_array()};
    json_array_append_new(stages.get(), stage(config, group, request, reader).release());
    Json out{json_object()};
    put(out, "id", request.id);
    put(out, "stages", std::move(stages));
    return out;
}

Json PimJson::rules(const Config &config, const PimGroup &group) const
{
    Json out{json_array()};
    const auto add = [&](Json row) { json_array_append_new(out.get(), row.release()); };

    // What an administrator sets for others comes along, and is no end user's matter.
    Json admin = rule("ExpirationRule", "Expiration_Admin_Assignment");
    put_flag(admin, "isExpirationRequired", true);
    put(admin, "maximumDuration", "P180D");
    add(std::move(admin));

    Json expiration = rule("ExpirationRule", "Expiration_EndUser_Assignment");
    put_flag(expiration, "isExpirationRequired", true);
    put(expiration, "maximumDuration", format_iso_duration(group.rules.longest));
    add(std::move(expiration));

    Json enabled{json_array()};
    const auto enable = [&](bool is_on, const char *name) {
        if (is_on)
            json_array_append_new(enabled.get(), json_text(name).release());
    };
    enable(group.rules.needs_mfa, "MultiFactorAuthentication");
    enable(group.rules.needs_justification, "Justification");
    enable(group.rules.needs_ticket, "Ticketing");
    Json enablement = rule("EnablementRule", "Enablement_EndUser_Assignment");
    put(enablement, "enabledRules", std::move(enabled));
    add(std::move(enablement));

    Json approvers{json_array()};
    for (const std::string &oid : group.approvers) {
        Json row{json_object()};
        put(row, "@odata.type", "#microsoft.graph.singleUser");
        put(row, "userId", oid);
        const User *user = config.find_user(oid);
        put(row, "description", user == nullptr ? "" : user->name);
        json_array_append_new(approvers.get(), row.release());
    }
    Json stage{json_object()};
    put(stage, "approvalStageTimeOutInDays", 1L);
    put_flag(stage, "isApproverJustificationRequired", true);
    put(stage, "primaryApprovers", std::move(approvers));
    Json stages{json_array()};
    json_array_append_new(stages.get(), stage.release());
    Json setting{json_object()};
    put_flag(setting, "isApprovalRequired", group.rules.needs_approval);
    put(setting, "approvalMode", "SingleStage");
    put(setting, "approvalStages", std::move(stages));
    Json approval = rule("ApprovalRule", "Approval_EndUser_Assignment");
    put(approval, "setting", std::move(setting));
    add(std::move(approval));

    Json context = rule("AuthenticationContextRule", "AuthenticationContext_EndUser_Assignment");
    put_flag(context, "isEnabled", !group.rules.context.empty());
    put_or_null(context, "claimValue", group.rules.context);
    add(std::move(context));
    return out;
}

Json PimJson::policy_assignment(const Config &config, const PimGroup &group,
                                const std::string &access_id, bool has_rules) const
{
    Json out{json_object()};
    put(out, "id", group.policy_id + "_" + access_id);
    put(out, "policyId", group.policy_id);
    put(out, "scopeId", group.id);
    put(out, "scopeType", "Group");
    put(out, "roleDefinitionId", access_id);
    if (has_rules) {
        Json policy{json_object()};
        put(policy, "id", group.policy_id);
        put(policy, "displayName", "Group");
        put_flag(policy, "isOrganizationDefault", false);
        put(policy, "scopeId", group.id);
        put(policy, "scopeType", "Group");
        put(policy, "rules", rules(config, group));
        put(out, "policy", std::move(policy));
    }
    return out;
}

} // namespace jit::entra
