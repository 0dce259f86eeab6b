#include "jitd/provider_cache.h"

#include "jitd/limits.h"

namespace jit::daemon {

namespace {

// Why nothing could be read from a reply.
oidc::Failure failure_of(const oidc::HttpReply &reply, const Error &error)
{
    if (reply.outcome == oidc::HttpReply::Outcome::not_trusted)
        return oidc::failure_of(reply.distrust);
    if (error.code == Code::unavailable)
        return oidc::Failure::unreachable;
    if (error.code == Code::denied)
        return oidc::Failure::unfit;
    // An unknown tenant answers with 4xx.
    return reply.status >= 400 && reply.status < 500 ? oidc::Failure::misconfigured
                                                     : oidc::Failure::broken;
}

} // namespace

void ProviderCache::find_party(BootTime now, PartyFound found)
{
    const auto age = now - party_at_;
    if (party_ && age < limits::provider_life) {
        if (age >= limits::provider_age)
            fetch_party();
        return found(party_, oidc::Failure::none, "");
    }
    wait_for_party_.push_back(std::move(found));
    fetch_party();
}

void ProviderCache::fetch_party()
{
    if (!std::exchange(fetching_party_, true))
        http_.send(oidc::make_discovery_request(expected_),
                   [this](oidc::HttpReply reply) { on_party(reply); });
}

void ProviderCache::on_party(const oidc::HttpReply &reply)
{
    fetching_party_ = false;
    oidc::Failure failure = oidc::Failure::none;
    const char *why = "";
    if (auto read = oidc::read_discovery_reply(expected_, reply)) {
        party_ = std::make_shared<const oidc::Party>(oidc::Party{expected_, *std::move(read)});
        party_at_ = boot_time();
    } else if (!party_ || read.error().code != Code::unavailable) {
        party_.reset();
        failure = failure_of(reply, read.error());
        if (failure == oidc::Failure::unfit)
            why = read.error().what;
    }
    const auto party = party_;
    for (const PartyFound &found : std::exchange(wait_for_party_, {}))
        found(party, failure, why);
}

void ProviderCache::find_keys(BootTime now, bool refresh, KeysFound found)
{
    const bool may_refresh = !refreshed_at_ || now - *refreshed_at_ >= limits::refetch_pause;
    const auto age = now - keys_at_;
    if (keys_ && (refresh ? !may_refresh : age < limits::provider_life)) {
        if (!refresh && age >= limits::provider_age)
            fetch_keys();
        return found(&*keys_, oidc::Failure::none);
    }
    if (!party_)
        return found(keys_ ? &*keys_ : nullptr, oidc::Failure::unreachable);
    if (refresh)
        refreshed_at_ = now;
    wait_for_keys_.push_back(std::move(found));
    fetch_keys();
}

void ProviderCache::fetch_keys()
{
    if (party_ && !std::exchange(fetching_keys_, true))
        http_.send(oidc::make_keys_request(party_->provider),
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
