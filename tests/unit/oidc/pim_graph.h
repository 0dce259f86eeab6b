// What the tests of PIM share: Graph's answers made of parts, and a machine led through some of
// them, each to the question that it is for.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "lib/base/text.h"
#include "lib/oidc/pim_activation.h"
#include "tests/unit/oidc/flow.h"

namespace jit::oidc {

inline constexpr const char *pim_group = "9a000000-0000-4000-8000-000000000001";
inline constexpr const char *pim_oid = "0b000000-0000-4000-8000-0000000000aa";
inline constexpr const char *pim_other = "77000000-0000-4000-8000-000000000077";
inline constexpr const char *pim_call = "0b9e0000-0000-4000-8000-00000000000a";
inline constexpr const char *pim_request = "4d000000-0000-4000-8000-00000000dd01";

// 2026-03-17T09:41:00Z, and a host that has run for 1000 s.
inline Now pim_began()
{
    return {*parse_time("2026-03-17T09:41:00Z"), BootTime{std::chrono::seconds{1000}}};
}

inline Now later(Now now, std::chrono::seconds by)
{
    return {now.wall + by, now.boot + by};
}

inline PimWho pim_who(std::chrono::seconds deadline = std::chrono::seconds{600})
{
    return {"graph.microsoft.com",      SecretString{"at.at"}, pim_group, pim_oid, pim_call,
            pim_began().boot + deadline};
}

inline std::string pim_list(std::initializer_list<std::string> entries, std::string_view next = {})
{
    std::string text = R"({"@odata.context":"x","value":[)";
    for (const std::string &one : entries)
        text += (text.back() == '[' ? "" : ",") + one;
    text += "]";
    if (!next.empty())
        text += R"(,"@odata.nextLink":")" + std::string{next} + "\"";
    return text + "}";
}

inline std::string pim_eligibility(std::string_view group = pim_group,
                                   std::string_view oid = pim_oid,
                                   std::string_view access = "member",
                                   std::string_view type = "direct")
{
    return R"({"id":"e1","groupId":")" + std::string{group} + R"(","principalId":")" +
           std::string{oid} + R"(","accessId":")" + std::string{access} + R"(","memberType":")" +
           std::string{type} + R"(","endDateTime":null})";
}

inline std::string pim_instance(std::string_view until, std::string_view group = pim_group,
                                std::string_view oid = pim_oid, std::string_view access = "member",
                                std::string_view type = "activated")
{
    const std::string end = until == "null" ? "null" : "\"" + std::string{until} + "\"";
    return R"({"id":"i1","groupId":")" + std::string{group} + R"(","principalId":")" +
           std::string{oid} + R"(","accessId":")" + std::string{access} +
           R"(","assignmentType":")" + std::string{type} + R"(","endDateTime":)" + end + "}";
}

inline std::string pim_answer(std::string_view status, std::string_view id = pim_request,
                              std::string_view group = pim_group, std::string_view oid = pim_oid,
                              std::string_view created = "2026-03-17T09:41:00.1234567Z",
                              std::string_view action = "selfActivate",
                              std::string_view access = "member")
{
    return R"({"id":")" + std::string{id} + R"(","status":")" + std::string{status} +
           R"(","createdDateTime":")" + std::string{created} + R"(","groupId":")" +
           std::string{group} + R"(","principalId":")" + std::string{oid} + R"(","accessId":")" +
           std::string{access} + R"(","action":")" + std::string{action} +
           R"(","scheduleInfo":null,"createdBy":{"user":{"id":"x"}}})";
}

//   rules  members of the policy's list
inline std::string pim_policy(std::string_view rules, std::string_view group = pim_group)
{
    return pim_list({R"({"id":"p","policyId":"p","scopeId":")" + std::string{group} +
                     R"(","scopeType":"Group","roleDefinitionId":"member","policy":{"rules":[)" +
                     std::string{rules} + "]}}"});
}

inline std::string pim_error(std::string_view code, std::string_view message = "no")
{
    return R"({"error":{"code":")" + std::string{code} + R"(","message":")" + std::string{message} +
           R"(","innerError":{"date":"x","request-id":"aaaaaaaa-0000-4000-8000-000000000001"}}})";
}

// What a request is for.
inline std::string pim_purpose(const HttpRequest &request)
{
    const std::string base = "https://graph.microsoft.com/v1.0/";
    const std::string pim = base + "identityGovernance/privilegedAccess/group/";
    const bool is_post = request.method == HttpRequest::Method::post;
    if (request.bearer.reveal() != "at.at" || request.client_request_id != pim_call ||
        is_post == request.json.empty())
        return "something odd";
    const std::string mine = "/filterByCurrentUser(on='principal')";
    if (request.url == pim + "assignmentScheduleRequests/" + pim_request + "/cancel" && is_post)
        return "cancel";
    if (request.url == pim + "assignmentScheduleRequests" && is_post)
        return "post";
    if (is_post)
        return "some post";
    if (request.url == pim + "eligibilityScheduleInstances" + mine)
        return "eligibility";
    if (request.url == pim + "assignmentScheduleInstances" + mine)
        return "instances";
    if (request.url.starts_with(pim + "assignmentScheduleRequests" + mine + "?$filter="))
        return "requests";
    if (request.url.starts_with(base + "policies/roleManagementPolicyAssignments?$filter="))
        return "policy";
    if (request.url == pim + "assignmentScheduleRequests/" + pim_request)
        return "poll";
    return request.url;
}

template <typename Step> std::string purpose_of(const Step &step)
{
    const auto *send = std::get_if<SendRequest>(&step);
    return send == nullptr ? "no request" : pim_purpose(send->request);
}

} // namespace jit::oidc
