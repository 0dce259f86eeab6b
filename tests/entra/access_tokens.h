// The access tokens that were given out. They are opaque: only the emulator knows what one opens.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "tests/entra/pim_rules.h"

namespace jit::entra {

struct AccessToken {
    std::string text;
    std::string user_oid;                 // empty: an application's own
    std::string audience;                 // "https://graph.microsoft.com"; empty: no resource
    std::vector<std::string> permissions; // "User.Read"; an application's roles
    BootTime expires;
    SignIn sign_in;

    bool is_application() const { return user_oid.empty(); }
    bool has(std::string_view permission) const; // in any case, as Entra compares them
};

// Safe to use from many threads.
class AccessTokens
{
  public:
    // Keeps the token, under a text that it is given here.
    //   returns  the text
    std::string add(AccessToken token);
    // One that has expired is found as well.
    std::optional<AccessToken> find(std::string_view text) const;
    void clear();

  private:
    mutable std::mutex mutex_;
    std::deque<AccessToken> tokens_; // the youngest last
};

} // namespace jit::entra
