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

// By which the records of these grants are found.
constexpr const char *rule_watch = "watch";
// A list that changes while it is read may lack somebody once.
constexpr unsigned misses_that_count = 2;
// A list may lag behind what has just been activated.
constexpr std::chrono::seconds until_listed = 120s;
// Of a group between two looks, where all are looked at side by side; after a look in vain at most,
// unless Graph wants more.
constexpr std::chrono::seconds longest_interval = 30s;
constexpr std::chrono::seconds longest_rest = 300s;
// Without a credential: until it is looked whether there is one.
constexpr std::chrono::seconds look_again = 30s;

bool waits_for(const Session &session, const std::string &group)
{
    return session.facts().mode == Approval::Mode::watch && session.facts().pim_group == group;
}

std::optional<std::string> id_of_round()
{
    auto guid = sys::make_guid();
    return guid ? std::optional{*std::move(guid)} : std::nullopt;
}

// A grant's id and its activation.
std::string key_of(const std::string &grant, const std::string &activation)
{
    return grant + " " + activation;
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

StandsOn split_activation(std::string_view activation)
{
    const std::size_t space = activation.find(' ');
    if (space == std::string_view::npos)
        return {};
    const std::string_view id = activation.substr(space + 1);
    return {activation.substr(0, space), id == unknown_activation ? std::string_view{} : id};
}

bool is_standing(const Grant &grant, const std::vector<oidc::Activation> &seen, WallTime now)
{
    const std::string oid = to_lower(grant.oid);
    const std::string id = to_lower(split_activation(grant.activation).id);
    return std::any_of(seen.begin(), seen.end(), [&](const oidc::Activation &one) {
        if (!one.is_activated || one.principal != oid || one.until <= now)
            return false;
        // By PIM's id of the request, one whose own request is not known may be it.
        const bool is_by_schedule = id.find('_') != std::string::npos;
        return id.empty() || one.schedule == id || one.request == id ||
               (!is_by_schedule && one.request.empty());
    });
}

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
            groups.insert(session->facts().pim_group);
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

void ActivationWatch::on_seen(Watched &one, const oidc::GroupSeen &seen)
{
    one.seen_at = boot_time();
    std::set<std::string> extended;
    for (const std::string &id : waiting_for(one.group))
        if (std::string grant = judge_waiting(id, seen.activations); !grant.empty())
            extended.insert(std::move(grant));
    judge_grants(one, seen.activations, extended);
}

std::set<std::string> ActivationWatch::find_used(const Session &session,
                                                 const std::vector<oidc::Activation> &seen) const
{
    std::set<std::string> used;
    const RequestFacts &facts = session.facts();
    const std::string oid = to_lower(facts.oid);
    // What can't be looked up counts as used.
    const auto note = [&](const std::string &id, const Result<bool> &served) {
        if (!served || *served)
            used.insert(id);
    };
    for (const oidc::Activation &one : seen) {
        if (one.principal != oid || !one.is_activated)
            continue;
        for (const std::string *id : {&one.schedule, &one.request})
            if (!id->empty())
                note(*id, parts_.store.has_served(facts.pim_group + " " + *id, facts.id));
        note(one.schedule,
             parts_.store.may_have_served(facts.pim_group + " " + std::string{unknown_activation},
                                          oid, one.began, facts.id));
    }
    return used;
}

std::string ActivationWatch::judge_waiting(const std::string &id,
                                           const std::vector<oidc::Activation> &seen)
{
    const Session *const session = parts_.requests.find_approving(id);
    if (session == nullptr || !parts_.settings.config || !parts_.settings.policy)
        return {};
    const RequestFacts &facts = session->facts();
    const policy::Role *const role = parts_.settings.policy->find(facts.role);
    const std::string &token = session->awaited()->watch_token;
    if (role == nullptr || role->approval.mode != Approval::Mode::watch ||
        role->approval.pim_group != facts.pim_group ||
        (role->approval.bind == Approval::Bind::token && token.empty())) {
        (void)parts_.requests.cancel(id, ipc::Cause::policy_changed,
                                     std::string{words::config_changed});
        return {};
    }
    oidc::WatchAsk ask;
    ask.oid = to_lower(facts.oid);
    ask.request_began = facts.began.wall;
    ask.window = role->approval.window;
    ask.skew = parts_.settings.config->skew;
    ask.token = token;
    ask.used = find_used(*session, seen);
    ask.now = wall_time();
    const oidc::WatchVerdict verdict = oidc::find_activation(seen, ask);
    if (!verdict.found) {
        tell(id, oidc::explain(verdict.why));
        return {};
    }
    std::string extends = facts.extends;
    (void)parts_.requests.activate(id, verdict.found->schedule, verdict.found->until);
    return extends;
}

void ActivationWatch::judge_grants(const Watched &one, const std::vector<oidc::Activation> &seen,
                                   const std::set<std::string> &extended)
{
    const Now now = read_clocks();
    std::vector<std::string> over;
    for (const Grant *grant : grants_on(one.group))
        if (is_gone(*grant, seen, now) && !extended.contains(grant->id))
            over.push_back(grant->id);
    for (const std::string &id : over)
        end(id);
}

bool ActivationWatch::is_gone(const Grant &grant, const std::vector<oidc::Activation> &seen,
                              const Now &now)
{
    const std::string key = key_of(grant.id, grant.activation);
    auto found = standing_.find(key);
    if (found == standing_.end()) {
        // What mode watch has granted was listed then. Of mode pim, one that was extended stands on
        // another since a moment ago, one that is found after a start since it was made.
        const auto other = standing_.lower_bound(grant.id + " ");
        const bool is_extended =
            other != standing_.end() && other->first.starts_with(grant.id + " ");
        const auto age = is_extended ? 0s : std::clamp(now.wall - grant.since, 0s, until_listed);
        const auto &policy = parts_.settings.policy;
        const policy::Role *const role = policy ? policy->find(grant.role) : nullptr;
        const bool is_pim = role != nullptr && role->approval.mode == Approval::Mode::pim;
        found = standing_.emplace(key, Standing{now.boot - age, !is_pim}).first;
    }
    Standing &standing = found->second;
    if (is_standing(grant, seen, now.wall)) {
        standing.is_listed = true;
        standing.missed = 0;
        return false;
    }
    if (!standing.is_listed && now.boot - standing.since < until_listed)
        return false;
    return ++standing.missed >= misses_that_count;
}

void ActivationWatch::end(const std::string &id)
{
    if (!ending_.insert(id).second)
        return;
    parts_.grants.end(id,
                      {Event::revoked, "revoked", "the end of its activation in Entra", rule_watch},
                      [this, id](const HelperFault *fault) {
                          // One that does not answer is asked again by the grants themselves.
                          if (fault != nullptr && fault->kind != HelperFault::Kind::unavailable)
                              ending_.erase(id);
                      });
}

void ActivationWatch::on_failed(const Watched &one, const std::string &advice)
{
    for (const std::string &id : waiting_for(one.group))
        tell(id, advice);
    if (boot_time() - one.seen_at < parts_.until_unwatched + longest_interval * (turns() - 1))
        return;
    note_unwatched(one.group, advice);
}

// Once for each grant.
void ActivationWatch::note_unwatched(const std::string &group, const std::string &advice)
{
    for (const Grant *grant : grants_on(group)) {
        if (!unwatched_.insert(grant->id).second)
            continue;
        AuditRecord record = record_of(*grant, Event::unwatched);
        record.message = "role " + grant->role + " of " + grant->user +
                         ": its activation in Entra can't be seen any more, and it goes on until "
                         "its end: " +
                         advice;
        record.rule = rule_watch;
        (void)parts_.audit.write(record); // the next one says the same
    }
}

// Once, until it is something else. That nothing is there yet goes without saying at first.
void ActivationWatch::tell(const std::string &id, const std::string &message)
{
    const auto said = said_.emplace(id, oidc::explain(oidc::WatchRefusal::absent)).first;
    if (said->second == message)
        return;
    said->second = message;
    parts_.requests.tell_approving(id, message);
}

} // namespace jit::daemon
