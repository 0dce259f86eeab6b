// What was seen in Entra, and what was not: who has what he waits for, whose grant is over, and
// what nobody can see any more.
#include "jitd/activation_watch.h"

#include <algorithm>

#include "jitd/records.h"
#include "jitd/words.h"
#include "lib/base/text.h"

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
// Of a group between two looks, where all are looked at side by side.
constexpr std::chrono::seconds longest_interval = 30s;

// A grant's id and its activation.
std::string key_of(const std::string &grant, const std::string &activation)
{
    return grant + " " + activation;
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
                note(*id, parts_.store.has_served(facts.entra->group + " " + *id, facts.id));
        note(one.schedule, parts_.store.may_have_served(facts.entra->group + " " +
                                                            std::string{unknown_activation},
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
        role->approval.pim_group != facts.entra->group ||
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
