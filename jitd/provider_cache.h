// The provider's endpoints and keys, fetched when they are needed and kept for a while.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jitd/actions.h"
#include "jitd/provider_fetch.h"
#include "lib/base/clock.h"
#include "lib/net/http.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"

namespace jit::daemon {

// How long somebody waits for it. Who would not be there any more at the next try hears at once.
struct Patience {
    BootTime until = BootTime::max();
    std::function<void(BootTime again)> put_off = {}; // each time; may be empty
};

// What is older than limits::provider_age is fetched anew behind the back of who asks, who is
// served from memory meanwhile; past limits::provider_life it has to be fetched first. Where no
// answer comes, or "later", it is asked for limits::fetch_tries times before who waits hears of it;
// TLS that is not trusted, and an answer that makes no sense, are told at once. The last good one
// serves on: keys always, endpoints past their life only where no answer came that is the
// provider's. Nothing is fetched while nobody asks.
class ProviderCache
{
  public:
    // Null with the failure that explains it, and with what is wrong where the provider's own words
    // are.
    using PartyFound =
        std::function<void(std::shared_ptr<const oidc::Party>, oidc::Failure, const char *why)>;
    // The pointer is borrowed for the call.
    using KeysFound = std::function<void(const oidc::KeySet *, oidc::Failure)>;
    using WakeAt = std::function<void(BootTime)>;

    // Borrows the client, which must outlive it.
    //   approver_client  of the registration that approvers sign in to; empty: there is none
    //   wake_at          asks for on_time() to be called then; replaces an earlier time
    //   seed             of the jitter of its pauses
    ProviderCache(net::HttpClient &http, oidc::Expectations expected, std::string approver_client,
                  WakeAt wake_at, std::string_view seed)
        : http_(http), expected_(std::move(expected)), approver_client_(std::move(approver_client)),
          wake_at_(std::move(wake_at)), party_fetch_(seed), keys_fetch_(seed)
    {
    }

    // Each calls back once: at once from memory, or when the fetch is through.
    void find_party(BootTime now, Purpose purpose, PartyFound found, Patience patience = {});
    //   refresh  a token names a key that is not in the set: fetch, but not again within
    //            limits::refetch_pause of one that was answered, nor soon after one in vain
    void find_keys(BootTime now, bool refresh, KeysFound found, Patience patience = {});
    void on_time(BootTime now);

    const oidc::Expectations &expected() const { return expected_; }

  private:
    struct WaitsForParty {
        Purpose purpose;
        PartyFound found;
        Patience patience;
    };
    struct WaitsForKeys {
        bool refresh;
        KeysFound found;
        Patience patience;
    };

    void send_party();
    void on_party(const oidc::HttpReply &reply);
    void answer(const std::vector<WaitsForParty> &those, oidc::Failure failure, const char *why);
    void send_keys();
    void on_keys(const oidc::HttpReply &reply);
    void answer(const std::vector<WaitsForKeys> &those, oidc::Failure failure);
    template <typename Waits> std::vector<Waits> put_off(std::vector<Waits> &those, BootTime again);
    void wake();

    net::HttpClient &http_;
    oidc::Expectations expected_;
    std::string approver_client_;
    WakeAt wake_at_;

    // By purpose: one provider, which is asked as another client or for another token.
    using Parties = std::array<std::shared_ptr<const oidc::Party>, 3>;
    Parties make_parties(const oidc::Provider &provider) const;
    std::optional<Parties> parties_;
    BootTime party_at_{};
    ProviderFetch party_fetch_;
    std::vector<WaitsForParty> wait_for_party_;

    std::optional<oidc::KeySet> keys_;
    BootTime keys_at_{};
    std::optional<BootTime> refreshed_at_; // when they were fetched for a key that was missing
    ProviderFetch keys_fetch_;
    std::vector<WaitsForKeys> wait_for_keys_;
};

} // namespace jit::daemon
