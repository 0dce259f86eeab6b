#include "jitd/provider_cache.h"

#include <algorithm>
#include <iterator>

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

// Nothing came, or "later". What TLS is not trusted for stays so.
bool may_come_later(const oidc::HttpReply &reply, const Error &error)
{
    return error.code == Code::unavailable &&
           reply.outcome != oidc::HttpReply::Outcome::not_trusted;
}

std::chrono::seconds asked_pause(const oidc::HttpReply &reply)
{
    return oidc::read_retry_after(reply.retry_after).value_or(std::chrono::seconds{0});
}

// Whether somebody is still there when it is asked for again; he is told of it.
bool can_wait(const Patience &patience, std::optional<BootTime> again)
{
    if (again && patience.until <= *again)
        return false;
    if (again && patience.put_off)
        patience.put_off(*again);
    return true;
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

void ProviderCache::find_party(BootTime now, Purpose purpose, PartyFound found, Patience patience)
{
    if (purpose == Purpose::approval && approver_client_.empty())
        return found(nullptr, oidc::Failure::misconfigured,
                     "[identity] approver_client_id is missing in jitd.toml");
    const auto age = now - party_at_;
    const bool may_fetch = party_fetch_.may_begin(now);
    if (parties_ && (age < limits::provider_life || !may_fetch)) {
        if (age >= limits::provider_age && may_fetch && party_fetch_.begin())
            send_party();
        return found((*parties_)[static_cast<std::size_t>(purpose)], oidc::Failure::none, "");
    }
    if (!can_wait(patience, party_fetch_.next_at()))
        return answer({{purpose, std::move(found), {}}}, oidc::Failure::unreachable, "");
    wait_for_party_.push_back({purpose, std::move(found), std::move(patience)});
    if (party_fetch_.begin())
        send_party();
}

void ProviderCache::send_party()
{
    http_.send(oidc::make_discovery_request(expected_),
               [this](const oidc::HttpReply &reply) { on_party(reply); });
}

void ProviderCache::on_party(const oidc::HttpReply &reply)
{
    const BootTime now = boot_time();
    oidc::Failure failure = oidc::Failure::none;
    const char *why = "";
    if (auto read = oidc::read_discovery_reply(expected_, reply)) {
        party_fetch_.on_good();
        parties_ = make_parties(*read);
        party_at_ = now;
    } else {
        if (may_come_later(reply, read.error()))
            if (const auto again = party_fetch_.on_lost(asked_pause(reply), now)) {
                const auto impatient = put_off(wait_for_party_, *again);
                wake();
                return answer(impatient, oidc::Failure::unreachable, "");
            }
        if (party_fetch_.is_going())
            party_fetch_.on_bad(now);
        // Who waits could not be served from memory: what is there is past its life.
        if (!parties_ || (read.error().code != Code::unavailable && !wait_for_party_.empty())) {
            parties_.reset();
            failure = failure_of(reply, read.error());
            if (failure == oidc::Failure::unfit)
                why = read.error().what;
        }
    }
    answer(std::exchange(wait_for_party_, {}), failure, why);
}

// Of what there is. Those who are told may have this cache destroyed.
void ProviderCache::answer(const std::vector<WaitsForParty> &those, oidc::Failure failure,
                           const char *why)
{
    const auto parties = parties_;
    for (const WaitsForParty &one : those)
        one.found(parties ? (*parties)[static_cast<std::size_t>(one.purpose)] : nullptr,
                  parties ? oidc::Failure::none : failure, why);
}

void ProviderCache::find_keys(BootTime now, bool refresh, KeysFound found, Patience patience)
{
    const auto age = now - keys_at_;
    const bool may_fetch = keys_fetch_.may_begin(now);
    if (keys_ && !refresh && (age < limits::provider_life || !may_fetch)) {
        if (age >= limits::provider_age && may_fetch && parties_ && keys_fetch_.begin())
            send_keys();
        return found(&*keys_, oidc::Failure::none);
    }
    // What is out already brings the missing key as well: nobody is turned away beside it.
    const bool has_looked = refreshed_at_ && now - *refreshed_at_ < limits::refetch_pause;
    if (keys_ && refresh && !keys_fetch_.is_going() && (has_looked || !may_fetch))
        return found(&*keys_, oidc::Failure::none);
    if (!parties_)
        return found(keys_ ? &*keys_ : nullptr, oidc::Failure::unreachable);
    if (!can_wait(patience, keys_fetch_.next_at()))
        return answer({{refresh, std::move(found), {}}}, oidc::Failure::unreachable);
    wait_for_keys_.push_back({refresh, std::move(found), std::move(patience)});
    if (keys_fetch_.begin())
        send_keys();
}

void ProviderCache::send_keys()
{
    http_.send(oidc::make_keys_request(parties_->front()->provider),
               [this](const oidc::HttpReply &reply) { on_keys(reply); });
}

void ProviderCache::on_keys(const oidc::HttpReply &reply)
{
    const BootTime now = boot_time();
    oidc::Failure failure = oidc::Failure::none;
    if (auto read = oidc::read_keys_reply(reply)) {
        keys_fetch_.on_good();
        keys_ = *std::move(read);
        keys_at_ = now;
        if (std::any_of(wait_for_keys_.begin(), wait_for_keys_.end(),
                        [](const WaitsForKeys &one) { return one.refresh; }))
            refreshed_at_ = now;
    } else {
        if (may_come_later(reply, read.error()))
            if (const auto again = keys_fetch_.on_lost(asked_pause(reply), now)) {
                const auto impatient = put_off(wait_for_keys_, *again);
                wake();
                return answer(impatient, oidc::Failure::unreachable);
            }
        if (keys_fetch_.is_going())
            keys_fetch_.on_bad(now);
        failure = failure_of(reply, read.error());
    }
    answer(std::exchange(wait_for_keys_, {}), failure);
}

void ProviderCache::answer(const std::vector<WaitsForKeys> &those, oidc::Failure failure)
{
    const auto keys = keys_;
    for (const WaitsForKeys &one : those)
        one.found(keys ? &*keys : nullptr, keys ? oidc::Failure::none : failure);
}

// Tells who waits, and takes out who will not be there any more.
template <typename Waits>
std::vector<Waits> ProviderCache::put_off(std::vector<Waits> &those, BootTime again)
{
    const auto impatient = std::stable_partition(those.begin(), those.end(), [&](const Waits &one) {
        return can_wait(one.patience, again);
    });
    std::vector<Waits> taken{std::make_move_iterator(impatient),
                             std::make_move_iterator(those.end())};
    those.erase(impatient, those.end());
    return taken;
}

void ProviderCache::on_time(BootTime now)
{
    if (party_fetch_.on_time(now))
        send_party();
    const bool is_for_keys = keys_fetch_.on_time(now);
    if (is_for_keys && parties_)
        send_keys();
    wake();
    if (!is_for_keys || parties_)
        return;
    // Nobody knows any more where they are.
    keys_fetch_.on_bad(now);
    answer(std::exchange(wait_for_keys_, {}), oidc::Failure::unreachable);
}

void ProviderCache::wake()
{
    const auto party = party_fetch_.next_at();
    const auto keys = keys_fetch_.next_at();
    if (party || keys)
        wake_at_(std::min(party.value_or(BootTime::max()), keys.value_or(BootTime::max())));
}

} // namespace jit::daemon
