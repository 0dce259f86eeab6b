// Who may ask Graph, and how Graph says no.
#pragma once

#include <optional>
#include <string>

#include "tests/entra/graph.h"
#include "tests/entra/graph_error.h"

namespace jit::entra {

Reply make_graph_error(const GraphRequest &request, const GraphError &error);

// The refusal (401), or nothing where the request bears a token for this Graph that has not
// expired; then `token` is it.
std::optional<Reply> refuse_bearer(const World &world, const GraphRequest &request, Now now,
                                   AccessToken &token);

// Whose token a request bears, by object id; empty: nobody's.
std::string person_of(const World &world, const std::string &authorization);

// The refusal (403), or nothing where the token may ask for the groups of the person who gave it.
std::optional<Reply> refuse_permissions(const GraphRequest &request, const AccessToken &token);

} // namespace jit::entra
