// How Graph says no.
#pragma once

#include <string>

namespace jit::entra {

struct GraphError {
    int status = 400;
    std::string code; // "Request_BadRequest"
    std::string text;
};

} // namespace jit::entra
