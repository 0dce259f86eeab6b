// Which of Microsoft's hosts and pages a request means, and how the reply goes on the wire.
//
//   login.microsoftonline.com                                   oauth.h
//   login.microsoft.com, microsoft.com, www.microsoft.com       /device, /devicelogin: pages.h
//   graph.microsoft.com                                         graph.h, pim_graph.h
//
// and the like hosts of the other clouds (clouds.h). The Host header says which is meant.
#pragma once

#include <string>

#include "tests/entra/world.h"

namespace httplib {
struct Request;
struct Response;
} // namespace httplib

namespace jit::entra {

void answer_provider_request(World &world, const httplib::Request &request,
                             httplib::Response &response);

// The same for a machine's own endpoints (managed_identity.h): "imds" or "arc".
void answer_machine_request(World &world, const std::string &endpoint,
                            const httplib::Request &request, httplib::Response &response);

} // namespace jit::entra
