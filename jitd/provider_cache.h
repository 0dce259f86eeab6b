// The provider's endpoints and keys, fetched when they are needed and kept for a while.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "jitd/actions.h"
#include "lib/base/clock.h"
#include "lib/net/http.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"

namespace jit::daemon {

// What is older than limits::provider_age is fetched anew behind the back of who asks, who is
// served from memory meanwhile; past limits::provider_life it has to be fetched first. Where the
// fetch fails the last good one serves on. Nothing is fetched while nobody asks.
class ProviderCache
{
  public:
    // Null with the failure that explains it, and with what is wrong where the provider's own words
    // are.
    using PartyFound =
        std::function<void(std::shared_ptr<const oidc::Party>, oidc::Failure, const char *why)>;
    // The pointer is borrowed for the call.
    using KeysFound = std::function<void(const oidc::KeySet *, oidc::Failure)>;

    // Borrows the client, which must outlive it.
    //   approver_client  of the registration that approvers sign in to; empty: there is none
    ProviderCache(net::HttpClient &http, oidc::Expectations expected, std::string approver_client)
        : http_(http), expected_(std::move(expected)), approver_client_(std::move(approver_client))
    {
    }

    // Each calls back once: at once from memory, or when the fetch is through.
    void find_party(BootTime now, Purpose purpose, PartyFound found);
    //   refresh  a token names a key that is not in the set: fetch, but not again within
    //            limits::refetch_pause
    void find_keys(BootTime now, bool refresh, KeysFound found);

    const oidc::Expectations &expected() const { return expected_; }

  private:
    void fetch_party();
    void on_party(const oidc::HttpReply &reply);
    void fetch_keys();
    void on_keys(const oidc::HttpReply &reply);

    net::HttpClient &http_;
    oidc::Expectations expected_;
    std::string approver_client_;

    // By purpose: one provider, which is asked as another client or for another token.
    using Parties = std::array<std::shared_ptr<const oidc::Party>, 3>;
    Parties make_parties(const oidc::Provider &provider) const;
    struct Waits {
        Purpose purpose;
        PartyFound found;
    };
    std::optional<Parties> parties_;
    BootTime party_at_{};
    bool fetching_party_ = false;
    std::vector<Waits> wait_for_party_;

    std::optional<oidc::KeySet> keys_;
    BootTime keys_at_{};
    std::optional<BootTime> refreshed_at_; // when a key was missing last
    bool fetching_keys_ = false;
    std::vector<KeysFound> wait_for_keys_;
};

} // namespace jit::daemon
