#include "lib/oidc/seen_tokens.h"

namespace jit::oidc {

bool SeenTokens::note(std::string_view id, WallTime forgets, WallTime now)
{
    if (seen_.contains(id))
        return false;
    if (seen_.size() >= max_tokens)
        std::erase_if(seen_, [&](const auto &entry) { return entry.second <= now; });
    return seen_.size() < max_tokens && seen_.emplace(id, forgets).second;
}

} // namespace jit::oidc
