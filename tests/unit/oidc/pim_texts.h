// Graph's lists of a group's assignments, as texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jit::oidc {

inline constexpr const char *pim_group = "9a000000-0000-4000-8000-000000000001";
inline constexpr const char *pim_alice = "a11ce000-0000-4000-8000-00000000000a";
inline constexpr const char *pim_bob = "b0b00000-0000-4000-8000-00000000000b";

inline std::string schedule_of(std::string_view name)
{
    return std::string{pim_group} + "_member_" + std::string{name};
}

struct InstanceText {
    std::string principal = pim_alice;
    std::string schedule = schedule_of("s1");
    std::string type = "Activated";
    std::string began = "\"2026-03-17T09:41:05.273Z\"";
    std::string until = "\"2026-03-17T10:41:05.273Z\"";
    std::string group = pim_group;
    std::string access = "member";

    std::string text() const
    {
        return R"({"id":"i","principalId":")" + principal + R"(","startDateTime":)" + began +
               R"(,"endDateTime":)" + until + R"(,"assignmentType":")" + type +
               R"(","accessId":")" + access + R"(","groupId":")" + group +
               R"(","memberType":"Direct","assignmentScheduleId":")" + schedule + "\"}";
    }
};

struct RequestText {
    std::string id = "6aacaee8-4089-4048-9510-3119367fc943";
    std::string principal = pim_alice;
    std::string schedule = "\"" + schedule_of("s1") + "\"";
    std::string justification = "\"INC-7 BCDFGHJKM\"";
    std::string action = "selfActivate";
    std::string status = "Provisioned";
    std::string created = "2026-03-17T09:41:00.7895614Z";
    std::string group = pim_group;
    std::string access = "member";
    std::string validation = "false";

    std::string text() const
    {
        return R"({"id":")" + id + R"(","status":")" + status + R"(","createdDateTime":")" +
               created + R"(","action":")" + action + R"(","isValidationOnly":)" + validation +
               R"(,"justification":)" + justification + R"(,"principalId":")" + principal +
               R"(","accessId":")" + access + R"(","groupId":")" + group +
               R"(","targetScheduleId":)" + schedule + "}";
    }
};

inline std::string list_of(const std::vector<std::string> &entries, std::string_view next = {})
{
    std::string text = R"({"@odata.context":"x","value":[)";
    for (const std::string &one : entries)
        text += (text.back() == '[' ? "" : ",") + one;
    text += "]";
    if (!next.empty())
        text += R"(,"@odata.nextLink":")" + std::string{next} + "\"";
    return text + "}";
}

} // namespace jit::oidc
