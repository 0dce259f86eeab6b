// Microsoft Graph, as much of it as tells of a person's groups: a request in, a reply out. PIM's
// part is in pim_graph.h.
//
//   POST /v1.0/me/checkMemberGroups  {"groupIds":[...]}   which of 1 to 20 groups the person is in,
//                                                         also by way of others
//   GET  /v1.0/me/checkMemberGroups?$skiptoken=...        the next page, where a fault made pages
//
// It needs a token for this cloud's Graph, with GroupMember.Read.All and with User.Read or
// User.ReadBasic.All.
#pragma once

#include <string>

#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace jit::entra {

struct GraphRequest {
    const Cloud &cloud; // whose Graph was asked
    std::string method;
    std::string path;
    std::string skip_token;    // the query's, or empty
    std::string authorization; // the header
    std::string content_type;
    std::string body;
    std::string correlation_id; // client-request-id; may be empty
    std::string filter;         // the query's $filter and $expand
    std::string expand;
};

Reply answer_graph(World &world, const GraphRequest &request, Now now);

// Whether a request, to whatever host, is for the page that `foreign_next` led to; and that page,
// which says yes to whatever was asked.
bool is_foreign_page(const World &world, const std::string &skip_token);
Reply answer_foreign_page(const World &world, const std::string &skip_token);

} // namespace jit::entra
