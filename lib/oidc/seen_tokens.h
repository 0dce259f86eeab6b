// Tokens that were accepted once: none counts a second time.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/clock.h"

namespace jit::oidc {

class SeenTokens
{
  public:
    // So many at most are remembered, some 2 MiB of them: what does not fit does not count either.
    static constexpr std::size_t max_tokens = 8192;

    // Notes a token by its id until it can be accepted no more.
    //   id       Claims::uti
    //   forgets  when no verification would let it pass any longer: its end and the skew
    //   returns  false: it was here before, or there is no place to remember it
    bool note(std::string_view id, WallTime forgets, WallTime now);

  private:
    std::map<std::string, WallTime, std::less<>> seen_;
};

} // namespace jit::oidc
