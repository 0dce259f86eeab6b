// Looks in the list of a person's own requests for the one to wait for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <jansson.h>

#include "lib/base/clock.h"
#include "lib/oidc/pim_replies.h"

namespace jit::oidc {

struct PimSearch {
    bool is_unclear = false;         // a POST may have done something that no answer told
    bool is_open = false;            // PIM says that a request is open
    WallTime posted{};               // the first POST
    std::optional<PimRequest> found; // the newest
    std::vector<std::string> before; // provisioned shortly before the first POST: none of ours

    // Looks at one entry. What counts is a request on its way, of the last day and not for a later
    // one; where something must be there, also one whose status is not known here; and after a POST
    // of unknown fate one that has been provisioned since.
    void take(const json_t *entry, const PimWho &who, WallTime now);
};

} // namespace jit::oidc
