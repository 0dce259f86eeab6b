#include "tests/entra/graph.h"

#include "lib/base/text.h"
#include "tests/entra/graph_access.h"

namespace jit::entra {

namespace {

constexpr std::string_view groups_path = "/v1.0/me/checkMemberGroups";
constexpr std::size_t max_ids = 20;
constexpr std::size_t page_count = 3;

Reply make_page(const World &world, const Cloud &cloud, const std::vector<std::string> &ids,
                const std::string &next_link)
{
    const Json body{json_object()};
    put(body, "@odata.context",
        world.site(cloud.graph_host) + "/v1.0/$metadata#Collection(Edm.String)");
    if (!next_link.empty())
        put(body, "@odata.nextLink", next_link);
    Json value{json_array()};
    for (const std::string &id : ids)
        json_array_append_new(value.get(), json_text(id).release());
    put(body, "value", std::move(value));
    Reply reply = make_json_reply(200, body);
    reply.type = "application/json;odata.metadata=minimal;odata.streaming=true;"
                 "IEEE754Compatible=false;charset=utf-8";
    return reply;
}

std::string link_to(const std::string &site, const std::string &skip_token)
{
    return site + std::string{groups_path} + "?$skiptoken=" + skip_token;
}

// The body's groupIds, or the error that Graph has for them.
std::optional<GraphError> read_ids(const GraphRequest &request, std::vector<std::string> &ids)
{
    if (!to_lower(request.content_type).starts_with("application/json"))
        return GraphError{400, "BadRequest",
                          "Write requests (excluding DELETE) must contain the Content-Type header "
                          "declaration."};
    const Json body = parse_json(request.body);
    const json_t *list = json_object_get(body.get(), "groupIds");
    if (!json_is_array(list))
        return GraphError{400, "BadRequest", "Unable to read JSON request payload."};
    if (json_array_size(list) == 0 || json_array_size(list) > max_ids)
        return GraphError{400, "Request_BadRequest",
                          "The number of values in 'groupIds' must be from 1 to 20."};
    for (std::size_t i = 0; i < json_array_size(list); ++i) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == nullptr || !is_guid(text))
            return GraphError{400, "Request_BadRequest", "Invalid object identifier."};
        ids.push_back(to_lower(text));
    }
    return std::nullopt;
}

Reply answer_first_page(World &world, const GraphRequest &request, const AccessToken &token)
{
    std::vector<std::string> asked;
    if (const auto error = read_ids(request, asked))
        return make_graph_error(request, *error);
    const User *user = world.config.find_user(token.user_oid);
    std::vector<std::string> found;
    for (const std::string &id : asked)
        if (user != nullptr && (contains(user->groups, id) || contains(user->nested_groups, id)) &&
            !contains(found, id))
            found.push_back(id);

    const auto fault = world.faults.take_paging();
    if (!fault)
        return make_page(world, request.cloud, found, "");
    if (fault->name == "foreign_next") {
        const std::string skip = world.graph_pages.add({"", token.text, asked, "", true});
        const std::string_view host =
            fault->first.empty() ? request.cloud.authority_host : fault->first;
        return make_page(world, request.cloud, found, link_to(world.site(host), skip));
    }
    const auto pages = split_pages(found, page_count);
    std::string next; // from the last page to the first
    for (std::size_t i = pages.size() - 1; i > 0; --i)
        next = world.graph_pages.add({"", token.text, pages[i], next, false});
    return make_page(world, request.cloud, pages.front(),
                     link_to(world.site(request.cloud.graph_host), next));
}

Reply answer_next_page(const World &world, const GraphRequest &request, const AccessToken &token)
{
    const auto page = world.graph_pages.find(request.skip_token);
    if (!page || page->bearer != token.text)
        return make_graph_error(
            request, {400, "Directory_ExpiredPageToken",
                      "The specified page token value has expired and can no longer be included "
                      "in your request."});
    return make_page(
        world, request.cloud, page->ids,
        page->next.empty() ? "" : link_to(world.site(request.cloud.graph_host), page->next));
}

} // namespace

Reply answer_graph(World &world, const GraphRequest &request, Now now)
{
    AccessToken token;
    if (auto refusal = refuse_bearer(world, request, now, token))
        return *std::move(refusal);
    if (request.path != groups_path)
        return make_graph_error(request,
                                {400, "BadRequest", "Resource not found for the segment."});
    const bool is_next = request.method == "GET" && !request.skip_token.empty();
    if (request.method != "POST" && !is_next)
        return make_graph_error(request, {405, "Request_BadRequest",
                                          "Specified HTTP method is not allowed for the request "
                                          "target."});
    if (auto refusal = refuse_permissions(request, token))
        return *std::move(refusal);
    return is_next ? answer_next_page(world, request, token)
                   : answer_first_page(world, request, token);
}

bool is_foreign_page(const World &world, const std::string &skip_token)
{
    const auto page = world.graph_pages.find(skip_token);
    return page && page->is_foreign;
}

Reply answer_foreign_page(const World &world, const std::string &skip_token)
{
    const auto page = world.graph_pages.find(skip_token);
    return make_page(world, public_cloud(), page ? page->ids : std::vector<std::string>{}, "");
}

} // namespace jit::entra
