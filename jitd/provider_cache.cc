#include "jitd/provider_cache.h"

#include <algorithm>

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

// A token is for one resource, and Entra refuses to be asked for two: what is configured for
// another than Graph, such as api://..., has no place beside PIM's. Of that nothing is lost: who
// somebody is and what he has stands in the ID token.
std::vector<std::string> scopes_for_graph(const std::vector<std::string> &configured,
                                          const std::string &graph_host)
{
    const std::string graph = "https://" + graph_host + "/";
    std::vector<std::string> scopes{"openid", "profile"};
    const auto add = [&](const std::string &scope) {
        if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end())
            scopes.push_back(scope);
    };
    for (const std::string &scope : configured)
        if (scope.starts_with(graph) || scope.find('/') == std::string::npos)
            add(scope);
    for (const std::string_view scope : oidc::activation_scopes)
        add(graph + std::string{scope});
    return scopes;
}

} // namespace

ProviderCache::Parties ProviderCache::make_parties(const oidc::Provider &provider) const
{
    Parties made;
    made[static_cast<std::size_t>(Purpose::request)] =
        std::make_shared<const oidc::Party>(oidc::Party{expected_, provider});
    oidc::Expectations activation = expected_;
    activation.scopes = scopes_for_graph(expected_.scopes, provider.graph_host);
    made[static_cast<std::size_t>(Purpose::activation)] =
        std::make_shared<const oidc::Party>(oidc::Party{std::move(activation), provider});
    oidc::Expectations approval = expected_;
    approval.client_id = approver_client_;
    made[static_cast<std::size_t>(Purpose::approval)] =
        std::make_shared<const oidc::Party>(oidc::Party{std::move(approval), provider});
    return made;
}

void ProviderCache::find_party(BootTime now, Purpose purpose, PartyFound found)
{
    if (purpose == Purpose::approval && approver_client_.empty())
        return found(nullptr, oidc::Failure::misconfigured,
                     "[identity] approver_client_id is missing in jitd.toml");
    const auto age = now - party_at_;
    if (parties_ && age < limits::provider_life) {
        if (age >= limits::provider_age)
            fetch_party();
        return found((*parties_)[static_cast<std::size_t>(purpose)], oidc::Failure::none, "");
    }
    wait_for_party_.push_back({purpose, std::move(found)});
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
        parties_ = make_parties(*read);
        party_at_ = boot_time();
    } else if (!parties_ || read.error().code != Code::unavailable) {
        parties_.reset();
        failure = failure_of(reply, read.error());
        if (failure == oidc::Failure::unfit)
            why = read.error().what;
    }
    const auto parties = parties_;
    for (const Waits &one : std::exchange(wait_for_party_, {}))
        one.found(parties ? (*parties)[static_cast<std::size_t>(one.purpose)] : nullptr, failure,
                  why);
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
    if (!parties_)
        return found(keys_ ? &*keys_ : nullptr, oidc::Failure::unreachable);
    if (refresh)
        refreshed_at_ = now;
    wait_for_keys_.push_back(std::move(found));
    fetch_keys();
}

void ProviderCache::fetch_keys()
{
    if (parties_ && !std::exchange(fetching_keys_, true))
        http_.send(oidc::make_keys_request(parties_->front()->provider),
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
