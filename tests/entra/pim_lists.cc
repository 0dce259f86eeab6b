#include "tests/entra/pim_lists.h"

#include "lib/base/text.h"
#include "tests/entra/graph_access.h"
#include "tests/entra/graph_lists.h"
#include "tests/entra/odata_filter.h"
#include "tests/entra/pim_errors.h"
#include "tests/entra/pim_json.h"

namespace jit::entra {

namespace {

constexpr std::string_view path_version = "/v1.0/";

using Filter = std::map<std::string, std::string>;

// Which rows somebody asks for: his own, those that he may decide, or those of a $filter.
class Choice
{
  public:
    Choice(const World &world, const PimCall &call, const AccessToken &token, const Filter &filter)
        : world_(world), on_(call.on), oid_(token.user_oid), filter_(filter)
    {
    }

    bool takes(const std::string &principal, const std::string &group, const std::string &access,
               const std::string &status) const
    {
        return fits("principalId", principal) && fits("groupId", group) &&
               fits("accessId", access) && fits("status", status) && is_asked_of(principal, group);
    }

  private:
    bool fits(const char *name, const std::string &value) const
    {
        const auto wanted = filter_.find(name);
        return wanted == filter_.end() || to_lower(wanted->second) == to_lower(value);
    }
    bool is_asked_of(const std::string &principal, const std::string &group) const
    {
        if (on_.empty())
            return true;
        if (on_ != "approver")
            return principal == oid_;
        const auto found = world_.pim.find_group(group);
        return found && contains(found->approvers, oid_);
    }

    const World &world_;
    const std::string &on_;
    const std::string &oid_;
    const Filter &filter_;
};

std::vector<std::string> rows_of(World &world, const PimCall &call, const Choice &choice, Now now)
{
    const PimJson json{world.pim.settings()};
    std::vector<std::string> rows;
    if (call.endpoint == "pim_eligibility") {
        for (const PimEligibility &row : world.pim.eligibilities())
            if (choice.takes(row.principal, row.group, row.access_id, ""))
                rows.push_back(dump_json(json.eligibility(row).get()));
    } else if (call.endpoint == "pim_instances") {
        for (const PimInstance &row : world.pim.instances(now))
            if (choice.takes(row.principal, row.group, row.access_id, ""))
                rows.push_back(dump_json(json.instance(row).get()));
    } else {
        for (const PimRequest &row : world.pim.requests(now))
            if (choice.takes(row.order.principal, row.order.group, row.order.access_id, row.status))
                rows.push_back(dump_json(json.request(row).get()));
    }
    return rows;
}

// An activation that nobody made: what a page elsewhere has to say.
std::string forged_row(const Filter &filter, const AccessToken &token, WallTime now)
{
    const auto of = [&](const char *name, const std::string &otherwise) {
        const auto found = filter.find(name);
        return found == filter.end() ? otherwise : found->second;
    };
    PimInstance forged;
    forged.id = forged.schedule = "forged";
    forged.principal = of("principalId", token.user_oid);
    forged.group = of("groupId", "9b000000-0000-4000-8000-000000000001");
    forged.access_id = "member";
    forged.start = now;
    forged.end = now + std::chrono::hours{8};
    return dump_json(PimJson{{}}.instance(forged).get());
}

Reply answer_policies(World &world, const GraphRequest &request, const Filter &filter,
                      GraphList list)
{
    const auto scope = filter.find("scopeId");
    const auto type = filter.find("scopeType");
    if (scope == filter.end() || type == filter.end() || to_lower(type->second) != "group")
        return make_graph_error(request,
                                {400, "InvalidFilter", "scopeId and scopeType are needed."});
    if (const auto group = world.pim.find_group(to_lower(scope->second)))
        for (const char *role : {"member", "owner"})
            if (const auto wanted = filter.find("roleDefinitionId");
                wanted == filter.end() || wanted->second == role)
                list.rows.push_back(dump_json(
                    PimJson{world.pim.settings()}
                        .policy_assignment(world.config, *group, role,
                                           request.expand.find("rules") != std::string::npos)
                        .get()));
    return make_list_reply(world, request, list);
}

} // namespace

Reply answer_pim_list(World &world, const GraphRequest &request, const PimCall &call,
                      const AccessToken &token, Now now)
{
    if (!request.skip_token.empty())
        return make_next_page(world, request, token.text);
    const auto filter = parse_filter(request.filter);
    if (!filter)
        return make_graph_error(request, {400, "InvalidFilter", "Invalid filter clause."});
    GraphList list{call.endpoint,
                   token.text,
                   request.path.substr(path_version.size()),
                   {},
                   {},
                   static_cast<std::size_t>(world.pim.settings().page_size)};
    if (call.endpoint == "pim_policy")
        return answer_policies(world, request, *filter, std::move(list));
    if (call.on.empty() && !token.is_application())
        return make_graph_error(request, make_pim_error("Authorization_RequestDenied"));
    if (!call.on.empty() && token.is_application())
        return make_graph_error(request, {400, "BadRequest", "There is no current user."});
    if (call.on.empty() && filter->count("groupId") + filter->count("principalId") == 0)
        return make_graph_error(
            request, {400, "MissingParameters", "A filter on groupId or principalId is needed."});
    const Choice choice{world, call, token, *filter};
    list.rows = list.foreign_rows = rows_of(world, call, choice, now);
    if (call.endpoint == "pim_instances")
        list.foreign_rows.push_back(forged_row(*filter, token, now.wall));
    return make_list_reply(world, request, list);
}

} // namespace jit::entra
