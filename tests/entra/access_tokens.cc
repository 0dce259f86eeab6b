#include "tests/entra/access_tokens.h"

#include <algorithm>

#include "lib/base/text.h"
#include "tests/entra/random.h"

namespace jit::entra {

namespace {
constexpr std::size_t max_tokens = 2000; // the oldest fall out, so a long test cannot grow
}

bool AccessToken::has(std::string_view permission) const
{
    const std::string wanted = to_lower(permission);
    return std::any_of(permissions.begin(), permissions.end(),
                       [&](const std::string &one) { return to_lower(one) == wanted; });
}

std::string AccessTokens::add(AccessToken token)
{
    token.text = random_token("EwB4", 900);
    std::string text = token.text;
    const std::lock_guard lock{mutex_};
    if (tokens_.size() >= max_tokens)
        tokens_.pop_front();
    tokens_.push_back(std::move(token));
    return text;
}

std::optional<AccessToken> AccessTokens::find(std::string_view text) const
{
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(tokens_.begin(), tokens_.end(),
                                    [&](const AccessToken &one) { return one.text == text; });
    return found == tokens_.end() ? std::nullopt : std::optional{*found};
}

void AccessTokens::clear()
{
    const std::lock_guard lock{mutex_};
    tokens_.clear();
}

} // namespace jit::entra
