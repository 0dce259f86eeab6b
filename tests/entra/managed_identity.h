// The endpoints by which a machine gets a token of its managed identity, over plain HTTP.
//
//   IMDS (Azure)  GET
//   /metadata/identity/oauth2/token?api-version=2018-02-01&resource=R[&client_id=C]
//                 with `Metadata: true`, and not by way of a proxy
//   Arc           GET /metadata/identity/oauth2/token?api-version=2020-06-01&resource=R
//                 the same; without `Authorization: Basic KEY`, KEY what the file says that the 401
//                 names, there is a 401
#pragma once

#include <optional>
#include <string>

#include "tests/entra/encode.h"
#include "tests/entra/reply.h"
#include "tests/entra/world.h"

namespace jit::entra {

struct MachineRequest {
    std::string method;
    std::string path;
    Form query;
    std::string metadata; // headers
    std::string authorization;
    bool is_forwarded = false;
};

Reply answer_imds(World &world, const MachineRequest &request, Now now);
//   fault   what the challenge is to be, where it is one of Arc's own kinds
Reply answer_arc(World &world, const MachineRequest &request, Now now,
                 const std::optional<Kind> &fault);

} // namespace jit::entra
