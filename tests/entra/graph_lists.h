// Graph's lists on one page or several.
#pragma once

#include <vector>

#include "tests/entra/graph.h"

namespace jit::entra {

struct GraphList {
    std::string endpoint;                  // whose paging faults it takes
    std::string bearer;                    // whose token asks, and has to ask for the next page
    std::string context;                   // behind $metadata#
    std::vector<std::string> rows;         // each as JSON
    std::vector<std::string> foreign_rows; // what a page at a foreign host has
    std::size_t page_size = 0;             // 0: everything on one page
};

// The list, or its first page, by the faults `paged` and `foreign_next` or its size.
Reply make_list_reply(World &world, const GraphRequest &request, const GraphList &list);

// The page that the request's skip token names.
Reply make_next_page(const World &world, const GraphRequest &request, const std::string &bearer);

// A page of texts or objects, as they are in JSON.
Reply make_graph_page(const World &world, const Cloud &cloud, const GraphPage &page,
                      const std::string &next_link);

} // namespace jit::entra
