#include "lib/oidc/pim_answers.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/oidc/graph_time.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::size_t max_id_bytes = 200;
constexpr std::size_t max_justification_bytes = 4096;

bool is_null(const json_t *entry, const char *name)
{
    const json_t *member = json_object_get(entry, name);
    return member == nullptr || json_is_null(member);
}

// In lower case.
std::optional<std::string> word_member(const json_t *entry, const char *name)
{
    const auto text = text_member(entry, name);
    return text ? std::optional{to_lower(*text)} : std::nullopt;
}

std::optional<WallTime> time_member(const json_t *entry, const char *name)
{
    const auto text = text_member(entry, name);
    return text ? parse_graph_time(*text) : std::nullopt;
}

// Who, and of which group. Another group's entry is what a filter that does not work would give.
std::optional<std::string> principal_of(const json_t *entry, std::string_view group)
{
    auto principal = word_member(entry, "principalId");
    if (word_member(entry, "groupId") != group || !principal || !is_guid(*principal))
        return std::nullopt;
    return principal;
}

} // namespace

std::optional<std::string> read_pim_id(const json_t *entry, const char *name)
{
    auto text = word_member(entry, name);
    const bool is_id = text && !text->empty() && text->size() <= max_id_bytes &&
                       std::all_of(text->begin(), text->end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                                  c == '-' || c == '.';
                       });
    return is_id ? text : std::nullopt;
}

Reading read_instance(const json_t *entry, std::string_view group, Activation &out)
{
    const auto principal = principal_of(entry, group);
    const auto access = word_member(entry, "accessId");
    const auto type = word_member(entry, "assignmentType");
    if (!principal || !access || !type)
        return Reading::refused;
    if (*access != "member")
        return Reading::skipped;
    out = {};
    out.principal = *principal;
    if (*type != "activated") // for good: it has no times that matter
        return Reading::taken;
    const auto schedule = read_pim_id(entry, "assignmentScheduleId");
    const auto began = time_member(entry, "startDateTime");
    const auto until = time_member(entry, "endDateTime");
    if (!schedule || !began || !until || *until < *began)
        return Reading::refused;
    out.schedule = *schedule;
    out.began = *began;
    out.until = *until;
    out.is_activated = true;
    return Reading::taken;
}

Reading read_request(const json_t *entry, std::string_view group, ActivationRequest &out)
{
    const auto principal = principal_of(entry, group);
    const auto access = word_member(entry, "accessId");
    const auto action = word_member(entry, "action");
    const auto status = word_member(entry, "status");
    if (!principal || !access || !action || !status)
        return Reading::refused;
    if (*access != "member" || *action != "selfactivate" || is_null(entry, "targetScheduleId") ||
        json_is_true(json_object_get(entry, "isValidationOnly")))
        return Reading::skipped;
    for (const char *end : {"denied", "failed", "canceled", "revoked"})
        if (*status == end)
            return Reading::skipped;
    const auto schedule = read_pim_id(entry, "targetScheduleId");
    const auto request = read_pim_id(entry, "id");
    const auto asked = time_member(entry, "createdDateTime");
    const auto text = text_member(entry, "justification");
    if (!schedule || !request || !asked || (!text && !is_null(entry, "justification")))
        return Reading::refused;
    out = {*principal, *schedule, *request, *asked,
           std::string{text.value_or("").substr(0, max_justification_bytes)}};
    return Reading::taken;
}

} // namespace jit::oidc
