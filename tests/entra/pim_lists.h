// PIM's lists, page by page: eligibilities, requests, instances, policies.
#pragma once

#include "tests/entra/pim_graph.h"

namespace jit::entra {

Reply answer_pim_list(World &world, const GraphRequest &request, const PimCall &call,
                      const AccessToken &token, Now now);

} // namespace jit::entra
