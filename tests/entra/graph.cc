#include "tests/entra/graph.h"

#include "lib/base/text.h"
#include "tests/entra/graph_access.h"
#include "tests/entra/graph_lists.h"

namespace jit::entra {

namespace {

constexpr std::string_view groups_path = "/v1.0/me/checkMemberGroups";
constexpr std::size_t max_ids = 20;

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

std::vector<std::string> as_json(const std::vector<std::string> &ids)
{
    std::vector<std::string> rows;
    for (const std::string &id : ids)
        rows.push_back(dump_json(json_text(id).get()));
    return rows;
}

Reply answer_first_page(World &world, const GraphRequest &request, const AccessToken &token,
                        Now now)
{
    std::vector<std::string> asked;
    if (const auto error = read_ids(request, asked))
        return make_graph_error(request, *error);
    const User *user = world.config.find_user(token.user_oid);
    std::vector<std::string> found;
    for (const std::string &id : asked)
        if (user != nullptr && !contains(found, id) &&
            (contains(user->groups, id) || contains(user->nested_groups, id) ||
             world.pim.is_active(user->oid, id, now)))
            found.push_back(id);
    return make_list_reply(
        world, request,
        {"graph", token.text, "Collection(Edm.String)", as_json(found), as_json(asked), 0});
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
    return is_next ? make_next_page(world, request, token.text)
                   : answer_first_page(world, request, token, now);
}

bool is_foreign_page(const World &world, const std::string &skip_token)
{
    const auto page = world.graph_pages.find(skip_token);
    return page && page->is_foreign;
}

Reply answer_foreign_page(const World &world, const std::string &skip_token)
{
    const auto page = world.graph_pages.find(skip_token);
    return make_graph_page(world, public_cloud(), page.value_or(GraphPage{}), "");
}

} // namespace jit::entra
