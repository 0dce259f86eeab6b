#include "lib/oidc/pim_group_poll.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "lib/oidc/json.h"
#include "lib/oidc/pace.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr seconds interval_step{5};
// So many people's requests are read one by one; of more the whole group's, which may be long.
constexpr std::size_t max_single_lists = 16;

constexpr std::string_view base = "/v1.0/identityGovernance/privilegedAccess/group/";
constexpr const char *no_sense =
    "Microsoft Graph's answer about the activations of the role's group makes no sense. It is "
    "tried again; if it recurs, ask the administrator.";
constexpr const char *away =
    "Microsoft Graph, which knows the activations, can't be reached. It is tried again.";
constexpr const char *not_trusted =
    "Microsoft Graph's certificate is not trusted here. Ask the administrator.";
constexpr const char *token_refused =
    "Microsoft Graph does not accept this host's token. It is tried again with another.";
constexpr const char *not_allowed =
    "Microsoft Graph does not tell this host the activations. The administrator has to grant "
    "PrivilegedAssignmentSchedule.Read.AzureADGroup to the host's application or identity.";
constexpr const char *no_license =
    "The tenant has no license for Privileged Identity Management. Ask the administrator.";
constexpr const char *no_group =
    "Microsoft Graph does not know the role's group, or it is not one of Privileged Identity "
    "Management. The administrator has to check pim_group.";
constexpr const char *too_many =
    "The role's group has more active members than are read. The administrator has to take a "
    "smaller one.";

std::string instances_of(const std::string &group)
{
    return std::string{base} + "assignmentScheduleInstances?$filter=groupId%20eq%20'" + group + "'";
}

std::string requests_of(const std::string &group)
{
    return std::string{base} + "assignmentScheduleRequests?$filter=groupId%20eq%20'" + group + "'";
}

std::string requests_of(const std::string &group, const std::string &principal)
{
    return requests_of(group) + "%20and%20principalId%20eq%20'" + principal + "'";
}

std::string error_code(const HttpReply &reply)
{
    const Json parsed = parse_object(reply.body.reveal());
    return std::string{text_member(json_object_get(parsed.get(), "error"), "code").value_or("")};
}

} // namespace

PimGroupPoll::PimGroupPoll(std::string graph_host, std::string group)
    : host_(std::move(graph_host)), group_(std::move(group))
{
}

PollStep PimGroupPoll::on_time(BootTime now)
{
    if (state_ == State::due)
        return NeedToken{};
    if (now < next_at_)
        return WaitUntil{next_at_};
    if (state_ == State::resting) {
        state_ = State::due;
        return NeedToken{};
    }
    if (is_retrying_) {
        is_retrying_ = false;
        next_at_ = link_->deadline();
        return SendRequest{ask()};
    }
    return fail(Failure::unreachable, away, now); // the answer did not come in time
}

PollStep PimGroupPoll::begin(SecretString token, std::string request_id, std::uint32_t random,
                             BootTime now)
{
    if (state_ != State::due)
        return WaitUntil{next_at_};
    random_ = random;
    round_began_ = now;
    seen_.clear();
    by_schedule_.clear();
    targets_ = {};
    // The host's token has been good for others, or HostToken would not have it.
    link_.emplace(host_, std::move(token), std::move(request_id), now + patience, true);
    if (!is_guid(group_) || !link_->is_usable())
        return fail(Failure::misconfigured, no_group, now);
    state_ = State::reading_instances;
    is_retrying_ = false;
    next_at_ = link_->deadline();
    return SendRequest{ask()};
}

HttpRequest PimGroupPoll::ask() const
{
    return link_->list(state_ == State::reading_instances ? instances_of(group_) : targets_.back());
}

PollStep PimGroupPoll::on_reply(const HttpReply &reply, BootTime now)
{
    if (!link_ || is_retrying_)
        return WaitUntil{next_at_};
    if (now >= link_->deadline())
        return fail(Failure::unreachable, away, now);
    if (reply.outcome == HttpReply::Outcome::received && reply.status == 401)
        return refuse(reply, now);
    const GraphVerdict verdict = link_->judge(reply, now);
    switch (verdict.fate) {
    case GraphVerdict::Fate::later:
        is_retrying_ = true;
        next_at_ = verdict.at;
        return WaitUntil{next_at_};
    case GraphVerdict::Fate::ended: {
        const bool is_away = verdict.failure == Failure::unreachable;
        const char *advice = is_away                              ? away
                             : verdict.failure == Failure::broken ? no_sense
                                                                  : not_trusted;
        return fail(verdict.failure, advice, now,
                    read_retry_after(reply.retry_after).value_or(seconds{0}));
    }
    case GraphVerdict::Fate::answered:
        break;
    }
    return reply.status == 200 ? read(reply, now) : refuse(reply, now);
}

PollStep PimGroupPoll::read(const HttpReply &reply, BootTime now)
{
    const bool is_instances = state_ == State::reading_instances;
    const bool is_read = link_->read_page(reply, [&](const json_t *entry) {
        return is_instances ? take_instance(entry) : take_request(entry);
    });
    if (seen_.size() > max_activations)
        return fail(Failure::misconfigured, too_many, now);
    // Too long a history of asking costs whose it is, and nobody else: how he came to be active is
    // not known then.
    if (!is_read && !is_instances && link_->has_overrun()) {
        for (const std::string &schedule : fresh_)
            origins_.erase(schedule);
        fresh_.clear();
        link_->forget_list();
        targets_.pop_back();
        return go_on(now);
    }
    if (!is_read)
        return fail(Failure::broken, no_sense, now);
    if (link_->has_more())
        return SendRequest{ask()};
    link_->forget_list();
    fresh_.clear();
    if (is_instances)
        look_for_origins();
    else
        targets_.pop_back();
    return go_on(now);
}

PollStep PimGroupPoll::go_on(BootTime now)
{
    if (targets_.empty())
        return finish(now);
    state_ = State::reading_requests;
    return SendRequest{ask()};
}

bool PimGroupPoll::take_instance(const json_t *entry)
{
    Activation one;
    const Reading reading = read_instance(entry, group_, one);
    if (reading != Reading::taken)
        return reading == Reading::skipped;
    if (seen_.size() > max_activations)
        return false;
    if (one.is_activated) {
        const auto [found, is_new] = by_schedule_.emplace(one.schedule, seen_.size());
        // A list that changes between two pages may show one twice; nobody shares a schedule.
        if (!is_new)
            return seen_[found->second].principal == one.principal;
    }
    seen_.push_back(std::move(one));
    return true;
}

bool PimGroupPoll::take_request(const json_t *entry)
{
    ActivationRequest one;
    const Reading reading = read_request(entry, group_, one);
    if (reading != Reading::taken)
        return reading == Reading::skipped;
    // Of what is active now, and by the same person: the rest is history.
    const auto active = by_schedule_.find(one.schedule);
    if (active == by_schedule_.end() || seen_[active->second].principal != one.principal)
        return true;
    const auto [found, is_new] = origins_.emplace(one.schedule, Origin{one, false});
    if (is_new)
        fresh_.push_back(one.schedule);
    if (!is_new && found->second.request.request != one.request)
        found->second.is_ambiguous = true;
    return true;
}

// What is matched already stays so; what is no longer active is forgotten.
void PimGroupPoll::look_for_origins()
{
    std::erase_if(origins_, [&](const auto &known) {
        const auto active = by_schedule_.find(known.first);
        return active == by_schedule_.end() || known.second.is_ambiguous ||
               seen_[active->second].principal != known.second.request.principal;
    });
    std::set<std::string> people;
    for (const auto &[schedule, at] : by_schedule_)
        if (!origins_.contains(schedule))
            people.insert(seen_[at].principal);
    if (people.size() > max_single_lists) {
        targets_.push_back(requests_of(group_));
        return;
    }
    for (const std::string &person : people)
        targets_.push_back(requests_of(group_, person));
}

PollStep PimGroupPoll::finish(BootTime now)
{
    for (const auto &[schedule, at] : by_schedule_) {
        const auto known = origins_.find(schedule);
        if (known == origins_.end() || known->second.is_ambiguous)
            continue;
        seen_[at].request = known->second.request.request;
        seen_[at].asked = known->second.request.asked;
        seen_[at].justification = known->second.request.justification;
    }
    failures_ = 0;
    rest(interval_, now);
    interval_ = std::min(interval_ + interval_step, most_interval);
    by_schedule_.clear();
    return GroupSeen{std::move(seen_), next_at_};
}

PollStep PimGroupPoll::refuse(const HttpReply &reply, BootTime now)
{
    if (reply.status == 401) {
        PollStep step = fail(Failure::misconfigured, token_refused, now);
        std::get<PollFailed>(step).is_token_refused = true;
        return step;
    }
    if (error_code(reply) == "AadPremiumLicenseRequired")
        return fail(Failure::misconfigured, no_license, now);
    if (reply.status == 403)
        return fail(Failure::misconfigured, not_allowed, now);
    if (reply.status == 400 || reply.status == 404)
        return fail(Failure::misconfigured, no_group, now);
    return fail(Failure::broken, no_sense, now);
}

PollStep PimGroupPoll::fail(Failure failure, std::string advice, BootTime now, seconds at_least)
{
    seen_.clear();
    by_schedule_.clear();
    rest(std::max(back_off(least_interval, failures_++), at_least), now);
    return PollFailed{failure, std::move(advice), false, next_at_};
}

void PimGroupPoll::rest(seconds pause, BootTime now)
{
    link_.reset();
    is_retrying_ = false;
    targets_ = {};
    state_ = State::resting;
    // A tenth less or more, and never less than what was asked for.
    const auto tenths = BootClock::duration{pause} * (900 + random_ % 201) / 1000;
    next_at_ = now + (failures_ == 0 ? tenths : std::max<BootClock::duration>(tenths, pause));
}

WaitUntil PimGroupPoll::hurry(BootTime now)
{
    interval_ = least_interval;
    if (state_ == State::resting && failures_ == 0)
        next_at_ = std::min(next_at_, std::max(now, round_began_ + least_interval));
    return WaitUntil{state_ == State::due ? now : next_at_};
}

} // namespace jit::oidc
