#include "tests/entra/graph_lists.h"

#include "tests/entra/graph_access.h"

namespace jit::entra {

namespace {

constexpr std::size_t page_count = 3; // where a fault makes pages

std::string link_to(const std::string &site, const std::string &path, const std::string &skip_token)
{
    return site + path + "?$skiptoken=" + skip_token;
}

std::vector<std::vector<std::string>> split_by_size(const std::vector<std::string> &rows,
                                                    std::size_t size)
{
    std::vector<std::vector<std::string>> pages(1);
    for (const std::string &row : rows) {
        if (pages.back().size() == size)
            pages.emplace_back();
        pages.back().push_back(row);
    }
    return pages;
}

} // namespace

Reply make_graph_page(const World &world, const Cloud &cloud, const GraphPage &page,
                      const std::string &next_link)
{
    const Json body{json_object()};
    put(body, "@odata.context", world.site(cloud.graph_host) + "/v1.0/$metadata#" + page.context);
    if (!next_link.empty())
        put(body, "@odata.nextLink", next_link);
    Json value{json_array()};
    for (const std::string &row : page.rows)
        json_array_append_new(value.get(), parse_json(row).release());
    put(body, "value", std::move(value));
    Reply reply = make_json_reply(200, body);
    reply.type = "application/json;odata.metadata=minimal;odata.streaming=true;"
                 "IEEE754Compatible=false;charset=utf-8";
    return reply;
}

Reply make_list_reply(World &world, const GraphRequest &request, const GraphList &list)
{
    const auto page_of = [&](std::vector<std::string> rows, std::string next) {
        return GraphPage{"",           list.bearer, std::move(rows), std::move(next), list.context,
                         request.path, false};
    };
    const auto fault = world.faults.take_paging(list.endpoint);
    if (fault && fault->name == "foreign_next") {
        GraphPage foreign = page_of(list.foreign_rows, "");
        foreign.is_foreign = true;
        const std::string skip = world.graph_pages.add(std::move(foreign));
        const std::string_view host =
            fault->first.empty() ? request.cloud.authority_host : fault->first;
        return make_graph_page(world, request.cloud, page_of(list.rows, ""),
                               link_to(world.site(host), request.path, skip));
    }
    const std::size_t size = list.page_size > 0 ? list.page_size : list.rows.size() + 1;
    const auto pages = fault ? split_pages(list.rows, page_count) : split_by_size(list.rows, size);
    std::string next; // from the last page to the first
    for (std::size_t i = pages.size() - 1; i > 0; --i)
        next = world.graph_pages.add(page_of(pages[i], next));
    return make_graph_page(
        world, request.cloud, page_of(pages.front(), ""),
        next.empty() ? "" : link_to(world.site(request.cloud.graph_host), request.path, next));
}

Reply make_next_page(const World &world, const GraphRequest &request, const std::string &bearer)
{
    const auto page = world.graph_pages.find(request.skip_token);
    if (!page || page->bearer != bearer || page->path != request.path)
        return make_graph_error(
            request, {400, "Directory_ExpiredPageToken",
                      "The specified page token value has expired and can no longer be included "
                      "in your request."});
    return make_graph_page(
        world, request.cloud, *page,
        page->next.empty() ? ""
                           : link_to(world.site(request.cloud.graph_host), page->path, page->next));
}

} // namespace jit::entra
