#include "lib/oidc/pim_replies.h"

#include <algorithm>
#include <string_view>

#include "lib/base/text.h"
#include "lib/oidc/graph_time.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pim_answers.h"

namespace jit::oidc {

namespace {

constexpr std::size_t max_id_bytes = 64;

constexpr const char *base = "/v1.0/identityGovernance/privilegedAccess/group/";

// The same word or id in either case.
bool is_same(std::optional<std::string_view> text, std::string_view expected)
{
    return text && to_lower(*text) == to_lower(expected);
}

bool is_ours(const json_t *object, const PimWho &who)
{
    return is_same(text_member(object, "groupId"), who.group) &&
           is_same(text_member(object, "accessId"), "member");
}

bool is_request_id(std::string_view text)
{
    return !text.empty() && text.size() <= max_id_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                      c == '-';
           });
}

PimStatus read_status(std::string_view text)
{
    struct Row {
        std::string_view word;
        PimStatus status;
    };
    constexpr Row rows[] = {
        {"pendingapproval", PimStatus::approval},
        {"granted", PimStatus::pending},
        {"schedulecreated", PimStatus::pending},
        {"pendingschedulecreation", PimStatus::pending},
        {"pendingprovisioning", PimStatus::pending},
        {"pendingadmindecision", PimStatus::pending},
        {"provisioned", PimStatus::provisioned},
        {"denied", PimStatus::denied},
        {"failed", PimStatus::failed},
        {"canceled", PimStatus::canceled},
        {"revoked", PimStatus::revoked},
    };
    const std::string word = to_lower(text);
    for (const Row &row : rows)
        if (row.word == word)
            return row.status;
    return PimStatus::unknown;
}

} // namespace

bool is_pim_subject(const PimWho &who)
{
    return is_guid(who.group) && is_guid(who.oid);
}

std::string eligibility_target()
{
    return std::string{base} + "eligibilityScheduleInstances/filterByCurrentUser(on='principal')";
}

std::string instances_target()
{
    return std::string{base} + "assignmentScheduleInstances/filterByCurrentUser(on='principal')";
}

std::string requests_target()
{
    return std::string{base} + "assignmentScheduleRequests";
}

std::string own_requests_target(const PimWho &who)
{
    // A person's history in all groups may be longer than the pages that are read.
    return requests_target() + "/filterByCurrentUser(on='principal')?$filter=groupId%20eq%20'" +
           who.group + "'";
}

std::string request_target(std::string_view request)
{
    return requests_target() + "/" + std::string{request};
}

std::string cancel_target(std::string_view request)
{
    return request_target(request) + "/cancel";
}

bool makes_eligible(const json_t *entry, const PimWho &who)
{
    return is_ours(entry, who) && (is_same(text_member(entry, "principalId"), who.oid) ||
                                   is_same(text_member(entry, "memberType"), "group"));
}

bool add_instance(PimMembership &found, const json_t *entry, const PimWho &who, WallTime now)
{
    const auto type = text_member(entry, "assignmentType");
    const auto principal = text_member(entry, "principalId");
    if (!type || !principal || !text_member(entry, "groupId") || !text_member(entry, "accessId"))
        return false;
    if (!is_ours(entry, who))
        return true;
    if (!is_same(type, "activated")) {
        found.is_standing = true;
        return true;
    }
    const auto end = parse_graph_time(text_member(entry, "endDateTime").value_or(""));
    const json_t *const named = json_object_get(entry, "assignmentScheduleId");
    const auto schedule = read_pim_id(entry, "assignmentScheduleId");
    if (!is_same(principal, who.oid) || !end || (named && !json_is_null(named) && !schedule))
        return false;
    if (*end <= now) {
        found.has_ended = true;
    } else if (!found.until || *end < *found.until) {
        found.until = *end;
        found.schedule = schedule.value_or("");
    }
    return true;
}

std::optional<PimRequest> read_pim_request(const json_t *object, const PimWho &who)
{
    const auto id = text_member(object, "id");
    const auto status = text_member(object, "status");
    if (!id || !is_request_id(*id) || !status || !is_ours(object, who) ||
        !is_same(text_member(object, "principalId"), who.oid) ||
        !is_same(text_member(object, "action"), "selfActivate"))
        return std::nullopt;
    const auto time = [](const json_t *parent, const char *name) {
        return parse_graph_time(text_member(parent, name).value_or(""));
    };
    return PimRequest{std::string{*id}, read_status(*status), time(object, "createdDateTime"),
                      time(json_object_get(object, "scheduleInfo"), "startDateTime")};
}

std::optional<PimStatus> read_deactivation(const json_t *object, const PimWho &who)
{
    const auto status = text_member(object, "status");
    if (!status || !is_ours(object, who) || !is_same(text_member(object, "principalId"), who.oid) ||
        !is_same(text_member(object, "action"), "selfDeactivate"))
        return std::nullopt;
    return read_status(*status);
}

} // namespace jit::oidc
