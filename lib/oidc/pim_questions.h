// What is asked of Privileged Identity Management, as the JSON that Graph takes.
#pragma once

#include <chrono>
#include <string>

#include "lib/base/clock.h"
#include "lib/oidc/pim_replies.h"

namespace jit::oidc {

struct PimWish {
    WallTime start;
    std::chrono::seconds duration{};
    std::string reason; // UTF-8, as the next; empty: left out
    std::string ticket; // the same
};
std::string make_activation(const PimWho &who, const PimWish &wish);

std::string make_deactivation(const PimWho &who);

} // namespace jit::oidc
