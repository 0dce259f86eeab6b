#include "jitd/provider_cache.h"

#include "jitd/limits.h"

namespace jit::daemon {

namespace {

// Why nothing could be read from a reply.
oidc::Failure failure_of(const oidc::HttpReply &reply, const Error &error)
{
    if (reply.outcome == oidc::HttpReply::Outcome::not_trusted)
        return oidc::Failure::not_trusted;
    if (error.code == Code::unavailable)
        return oidc::Failure::unreachable;
    // An unknown tenant answers with 4xx.
    return reply.status >= 400 && reply.status < 500 ? oidc::Failure::misconfigured
                                                     : oidc::Failure::broken;
}

} // namespace

void ProviderCache::find_provider(BootTime now, ProviderFound found)
{
    if (provider_ && now - provider_at_ < limits::provider_age) {
        found(&*provider_, oidc::Failure::none);
        return;
    }
    wait_for_provider_.push_back(std::move(found));
    if (std::exchange(fetching_provider_, true))
        return;
    http_.send(oidc::make_discovery_request(expected_),
               [this](oidc::HttpReply reply) { on_provider(reply); });
}

void ProviderCache::on_provider(const oidc::HttpReply &reply)
{
    fetching_provider_ = false;
    oidc::Failure failure = oidc::Failure::none;
    if (auto read = oidc::read_discovery_reply(expected_, reply)) {
        provider_ = *std::move(read);
        provider_at_ = boot_time();
    } else if (!provider_ || read.error().code != Code::unavailable) {
        provider_.reset();
        failure = failure_of(reply, read.error());
    }
    const oidc::Provider *const result = provider_ ? &*provider_ : nullptr;
    for (const ProviderFound &found : std::exchange(wait_for_provider_, {}))
        found(result, failure);
}

void ProviderCache::find_keys(BootTime now, bool refresh, KeysFound found)
{
    const bool may_refresh = !refreshed_at_ || now - *refreshed_at_ >= limits::refetch_pause;
    const bool is_fresh = keys_ && now - keys_at_ < limits::provider_age;
    if (keys_ && (refresh ? !may_refresh : is_fresh)) {
        found(&*keys_, oidc::Failure::none);
        return;
    }
    if (!provider_) {
        found(keys_ ? &*keys_ : nullptr, oidc::Failure::unreachable);
        return;
    }
    if (refresh)
        refreshed_at_ = now;
    wait_for_keys_.push_back(std::move(found));
    if (!std::exchange(fetching_keys_, true))
        fetch_keys();
}

void ProviderCache::fetch_keys()
{
    http_.send(oidc::make_keys_request(*provider_),
               [this](oidc::HttpReply reply) { on_keys(reply); });
}

void ProviderCache::on_keys(const oidc::HttpReply &reply)
{
    fetching_keys_ = false;
    oidc::Failure failure = oidc::Failure::none;
    if (auto read = oidc::read_keys_reply(reply)) {
        keys_ = *std::move(read);
        keys_at_ = boot_time();
    } else if (!keys_) {
        failure = failure_of(reply, read.error());
    }
    const oidc::KeySet *const result = keys_ ? &*keys_ : nullptr;
    for (const KeysFound &found : std::exchange(wait_for_keys_, {}))
        found(result, failure);
}

} // namespace jit::daemon
