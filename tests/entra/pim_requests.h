// PIM: asking for an activation or its end, looking at a request, taking it back, deciding it.
#pragma once

#include <optional>

#include "tests/entra/pim_graph.h"

namespace jit::entra {

//   fault   `outcome` says what becomes of it
Reply answer_pim_order(World &world, const GraphRequest &request, const AccessToken &token, Now now,
                       const std::optional<Kind> &fault);
Reply answer_pim_request(World &world, const GraphRequest &request, const PimCall &call,
                         const AccessToken &token, Now now);
Reply answer_pim_cancel(World &world, const GraphRequest &request, const PimCall &call,
                        const AccessToken &token, Now now);
Reply answer_pim_approval(World &world, const GraphRequest &request, const PimCall &call,
                          const AccessToken &token, Now now);

} // namespace jit::entra
