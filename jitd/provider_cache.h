// The provider's endpoints and keys, fetched when they are needed and kept for a while.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/net/http.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"

namespace jit::daemon {

class ProviderCache
{
  public:
    // The pointer is borrowed for the call.
    using ProviderFound = std::function<void(const oidc::Provider *, oidc::Failure)>;
    using KeysFound = std::function<void(const oidc::KeySet *, oidc::Failure)>;

    // Borrows the client, which must outlive it.
    ProviderCache(net::HttpClient &http, oidc::Expectations expected)
        : http_(http), expected_(std::move(expected))
    {
    }

    // Each calls back once: at once from memory, or when the fetch is through. What is old serves
    // on when it can't be fetched anew.
    void find_provider(BootTime now, ProviderFound found);
    //   refresh  a token names a key that is not in the set: fetch, but not again within
    //            limits::refetch_pause
    void find_keys(BootTime now, bool refresh, KeysFound found);

    const oidc::Expectations &expected() const { return expected_; }

  private:
    void on_provider(const oidc::HttpReply &reply);
    void on_keys(const oidc::HttpReply &reply);
    void fetch_keys();

    net::HttpClient &http_;
    oidc::Expectations expected_;

    std::optional<oidc::Provider> provider_;
    BootTime provider_at_{};
    bool fetching_provider_ = false;
    std::vector<ProviderFound> wait_for_provider_;

    std::optional<oidc::KeySet> keys_;
    BootTime keys_at_{};
    std::optional<BootTime> refreshed_at_; // when a key was missing last
    bool fetching_keys_ = false;
    std::vector<KeysFound> wait_for_keys_;
};

} // namespace jit::daemon
