#include "lib/oidc/pim_policy.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/oidc/graph_duration.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

constexpr std::size_t max_rules = 100;
constexpr std::size_t max_ticket_bytes = 64;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

// "c1" to "c99".
bool is_context(std::string_view text)
{
    return (text.size() == 2 || text.size() == 3) && text[0] == 'c' && text[1] != '0' &&
           std::all_of(text.begin() + 1, text.end(), is_digit);
}

bool is_ticket(std::string_view word)
{
    const auto *dash = std::find_if_not(word.begin(), word.end(), is_upper);
    return word.size() <= max_ticket_bytes && dash != word.begin() && dash != word.end() &&
           *dash == '-' && dash + 1 != word.end() && std::all_of(dash + 1, word.end(), is_digit);
}

bool add_enablement(PimRules &rules, const json_t *rule)
{
    const json_t *enabled = json_object_get(rule, "enabledRules");
    if (!json_is_array(enabled) || json_array_size(enabled) > max_rules)
        return false;
    for (std::size_t i = 0; i < json_array_size(enabled); ++i) {
        const json_t *one = json_array_get(enabled, i);
        if (!json_is_string(one))
            return false;
        const std::string name = to_lower({json_string_value(one), json_string_length(one)});
        rules.wants_reason = rules.wants_reason || name == "justification";
        rules.wants_ticket = rules.wants_ticket || name == "ticketing";
    }
    return true;
}

bool add_rule(PimRules &rules, const json_t *rule)
{
    const auto id = text_member(rule, "id");
    if (!id)
        return false;
    if (*id == "Enablement_EndUser_Assignment")
        return add_enablement(rules, rule);
    if (*id == "Expiration_EndUser_Assignment") {
        // One that can't be read is none: PIM refuses what is too long.
        rules.maximum = parse_graph_duration(text_member(rule, "maximumDuration").value_or(""));
        return true;
    }
    if (*id == "AuthenticationContext_EndUser_Assignment" &&
        json_is_true(json_object_get(rule, "isEnabled"))) {
        const auto context = text_member(rule, "claimValue");
        if (!context || !is_context(*context))
            return false;
        rules.context = *context;
    }
    return true;
}

} // namespace

std::string policy_target(std::string_view group)
{
    return "/v1.0/policies/roleManagementPolicyAssignments?$filter=scopeId%20eq%20'" +
           std::string{group} +
           "'%20and%20scopeType%20eq%20'Group'%20and%20roleDefinitionId%20eq%20'member'"
           "&$expand=policy($expand=rules)";
}

bool add_policy(PimRules &rules, const json_t *entry, std::string_view group)
{
    if (to_lower(text_member(entry, "scopeId").value_or("")) != to_lower(group) ||
        to_lower(text_member(entry, "roleDefinitionId").value_or("")) != "member")
        return true;
    const json_t *list = json_object_get(json_object_get(entry, "policy"), "rules");
    if (!json_is_array(list) || json_array_size(list) > max_rules)
        return false;
    for (std::size_t i = 0; i < json_array_size(list); ++i)
        if (!add_rule(rules, json_array_get(list, i)))
            return false;
    return true;
}

std::string find_ticket(std::string_view reason)
{
    const auto is_inside = [](char c) {
        return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
               (c & '\x80') != 0;
    };
    const auto *end = reason.begin();
    while (end != reason.end()) {
        const auto *begin = std::find_if(end, reason.end(), is_inside);
        end = std::find_if_not(begin, reason.end(), is_inside);
        const std::string_view word{begin, static_cast<std::size_t>(end - begin)};
        if (is_ticket(word))
            return std::string{word};
    }
    return {};
}

} // namespace jit::oidc
