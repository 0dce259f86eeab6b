// Who may ask Graph, and how Graph says no.
#pragma once

#include <optional>
#include <string>

#include "tests/entra/graph.h"

namespace jit::entra {

struct GraphError {
    int status = 400;
    std::string code; // "Request_BadRequest"
    std::string text;
};

Reply make_graph_error(const GraphRequest &request, const GraphError &error);

// The refusal (401), or nothing where the request bears a token for this Graph that has not
// expired; then `token` is it.
std::optional<Reply> refuse_bearer(const World &world, const GraphRequest &request, Now now,
                                   AccessToken &token);

// The refusal (403), or nothing where the token may ask for the groups of the person who gave it.
std::optional<Reply> refuse_permissions(const GraphRequest &request, const AccessToken &token);

} // namespace jit::entra
