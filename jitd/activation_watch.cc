#include "jitd/activation_watch.h"

#include <algorithm>

#include "jitd/records.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/sys/random.h"

namespace jit::daemon {

namespace {

using namespace std::chrono_literals;
using policy::Approval;

// After a look in vain at most, unless Graph wants more.
constexpr std::chrono::seconds longest_rest = 300s;
// Without a credential: until it is looked whether there is one.
constexpr std::chrono::seconds look_again = 30s;

bool waits_for(const Session &session, const std::string &group)
{
    return session.facts().mode == Approval::Mode::watch && session.facts().entra->group == group;
}

std::optional<std::string> id_of_round()
{
    auto guid = sys::make_guid();
    return guid ? std::optional{*std::move(guid)} : std::nullopt;
}

// Spreads the rounds of many hosts; needs to be no secret.
std::uint32_t number_of(const std::string &guid)
{
    std::uint32_t number = 0;
    for (const char c : guid)
        number = number * 31 + static_cast<unsigned char>(c);
    return number;
}

} // namespace

Result<std::unique_ptr<ActivationWatch>> ActivationWatch::make(const Parts &parts)
{
    std::unique_ptr<ActivationWatch> made{new ActivationWatch(parts)};
    ActivationWatch *const self = made.get();
    made->look_ = TRY(sys::Later::make(parts.loop, [self] { self->look(); }));
    parts.requests.set_onlooker({[self](const std::string &group) { self->hurry(group); },
                                 [self](const std::string &id) { return self->why(id); }});
    parts.grants.on_change([self] { self->look_->schedule(); });
    return made;
}

ActivationWatch::~ActivationWatch()
{
    use(nullptr);
    parts_.requests.set_onlooker({});
}

std::string ActivationWatch::why(const std::string &id) const
{
    const auto said = said_.find(id);
    return said == said_.end() || said->second == oidc::explain(oidc::WatchRefusal::absent)
               ? std::string{}
               : said->second;
}

void ActivationWatch::use(net::HttpClient *http)
{
    credential_.reset();
    for (auto &[group, one] : watched_)
        forget(std::move(one));
    watched_.clear();
    http_ = http;
    const Settings &settings = parts_.settings;
    ProviderCache *const cache = parts_.requests.sign_ins().provider();
    if (http_ != nullptr && cache != nullptr && settings.config &&
        settings.config->credential != policy::Config::Credential::none) {
        auto made = HostCredential::make({parts_.loop, *http_, *cache, settings.config->credential,
                                          settings.config->client_id, settings.host_key});
        if (made) // else nothing is seen, and that is said
            credential_ = *std::move(made);
    }
    look_->schedule();
}

std::vector<std::string> ActivationWatch::waiting_for(const std::string &group) const
{
    std::vector<std::string> ids;
    for (const Session *session : parts_.requests.all_approving())
        if (waits_for(*session, group))
            ids.push_back(session->facts().id);
    return ids;
}

std::vector<const Grant *> ActivationWatch::grants_on(const std::string &group) const
{
    std::vector<const Grant *> found;
    for (const Grant *grant : parts_.grants.table().all())
        if (split_activation(grant->activation).group == group)
            found.push_back(grant);
    return found;
}

std::set<std::string> ActivationWatch::wanted_groups() const
{
    std::set<std::string> groups;
    for (const Session *session : parts_.requests.all_approving())
        if (session->facts().mode == Approval::Mode::watch)
            groups.insert(session->facts().entra->group);
    const auto &policy = parts_.settings.policy;
    for (const Grant *grant : parts_.grants.table().all()) {
        const std::string_view group = split_activation(grant->activation).group;
        if (group.empty())
            continue;
        // Where the host has no eyes of its own, mode pim looks on with the person's token.
        const policy::Role *const role = policy ? policy->find(grant->role) : nullptr;
        if (credential_ || (role != nullptr && role->approval.mode == Approval::Mode::watch))
            groups.emplace(group);
    }
    return groups;
}

void ActivationWatch::look()
{
    over_.clear();
    if (http_ == nullptr)
        return;
    const std::set<std::string> wanted = wanted_groups();
    for (auto it = watched_.begin(); it != watched_.end();) {
        if (wanted.contains(it->first)) {
            ++it;
            continue;
        }
        forget(std::move(it->second));
        it = watched_.erase(it);
    }
    for (const std::string &group : wanted)
        if (!watched_.contains(group) && !add(group)) {
            for (const std::string &id : waiting_for(group))
                tell(id, std::string{words::too_many_watched});
            note_unwatched(group, std::string{words::too_many_watched});
        }
    std::erase_if(said_,
                  [&](const auto &one) { return !parts_.requests.find_approving(one.first); });
    const auto is_over = [&](const std::string &id) { return !parts_.grants.table().find(id); };
    std::erase_if(ending_, is_over);
    std::erase_if(unwatched_, is_over);
    std::erase_if(standing_, [&](const auto &one) {
        return is_over(one.first.substr(0, one.first.find(' ')));
    });
}

// False: there is no place.
bool ActivationWatch::add(const std::string &group)
{
    if (watched_.size() >= parts_.most)
        return false;
    auto one = std::make_unique<Watched>();
    Watched *const self = one.get();
    auto timer = sys::Timer::make(parts_.loop, [this, self] { wake(*self); });
    if (!timer)
        return false;
    one->group = group;
    one->timer = *std::move(timer);
    one->seen_at = boot_time();
    one->timer->set(one->seen_at + oidc::PimGroupPoll::least_interval *
                                       static_cast<int>(watched_.size() / parts_.in_turn));
    watched_.emplace(group, std::move(one));
    return true;
}

// Later, the more there are.
BootTime ActivationWatch::spread(BootTime at) const
{
    const BootTime now = boot_time();
    return at <= now ? now : now + (at - now) * turns();
}

int ActivationWatch::turns() const
{
    return std::max(static_cast<int>((watched_.size() + parts_.in_turn - 1) / parts_.in_turn), 1);
}

void ActivationWatch::forget(std::unique_ptr<Watched> one)
{
    if (one->transfer != 0 && http_ != nullptr)
        http_->cancel(std::exchange(one->transfer, 0));
    one->timer->stop();
    over_.push_back(std::move(one));
}

void ActivationWatch::hurry(const std::string &group)
{
    const auto found = watched_.find(group);
    if (found == watched_.end())
        return look_->schedule();
    Watched &one = *found->second;
    if (one.poll && !one.is_asking)
        one.timer->set(one.poll->hurry(boot_time()).at);
}

void ActivationWatch::wake(Watched &one)
{
    if (!wanted_groups().contains(one.group))
        return look_->schedule(); // which forgets it
    if (one.is_asking)
        return;
    if (!one.poll)
        return ask_token(one);
    follow(one, one.poll->on_time(boot_time()));
}

void ActivationWatch::ask_token(Watched &one)
{
    if (!credential_) {
        on_failed(one, std::string{words::no_watch});
        return one.timer->set(boot_time() + look_again);
    }
    one.is_asking = true;
    credential_->ask([this, group = one.group](const SecretString *token,
                                               const std::string &graph_host,
                                               const oidc::TokenFailed &failed) {
        const auto found = watched_.find(group);
        if (found == watched_.end())
            return;
        Watched &asked = *found->second;
        asked.is_asking = false;
        const BootTime now = boot_time();
        const auto id = id_of_round();
        if (token == nullptr || !id) {
            on_failed(asked, failed.advice);
            return asked.timer->set(std::max(failed.again_at, now + look_again));
        }
        if (!asked.poll || asked.graph_host != graph_host) {
            asked.poll.emplace(graph_host, group);
            asked.graph_host = graph_host;
            (void)asked.poll->on_time(now); // it needs the token that is here
        }
        follow(asked, asked.poll->begin(SecretString{token->reveal()}, *id, number_of(*id), now));
    });
}

void ActivationWatch::follow(Watched &one, oidc::PollStep step)
{
    if (std::holds_alternative<oidc::NeedToken>(step))
        return ask_token(one);
    if (auto *send = std::get_if<oidc::SendRequest>(&step)) {
        // An answer that does not come is the poll's to notice.
        one.timer->set(boot_time() + oidc::PimGroupPoll::patience);
        one.transfer = http_->send(
            std::move(send->request), [this, group = one.group](const oidc::HttpReply &reply) {
                const auto found = watched_.find(group);
                if (found == watched_.end())
                    return;
                found->second->transfer = 0;
                follow(*found->second, found->second->poll->on_reply(reply, boot_time()));
            });
    } else if (const auto *wait = std::get_if<oidc::WaitUntil>(&step)) {
        one.timer->set(wait->at);
    } else if (const auto *seen = std::get_if<oidc::GroupSeen>(&step)) {
        one.timer->set(spread(seen->next_at));
        on_seen(one, *seen);
    } else if (const auto *failed = std::get_if<oidc::PollFailed>(&step)) {
        if (one.transfer != 0)
            http_->cancel(std::exchange(one.transfer, 0));
        // It has a pause of its own: that of the turns makes it no longer than minutes.
        one.timer->set(std::max(failed->next_at,
                                std::min(spread(failed->next_at), boot_time() + longest_rest)));
        if (failed->is_token_refused && credential_)
            credential_->drop();
        on_failed(one, failed->advice);
    }
}

} // namespace jit::daemon
