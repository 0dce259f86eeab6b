#include "jitctl/simulation.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "lib/base/text.h"
#include "lib/ipc/message.h"
#include "policy/argue.h"

namespace jit::ctl {

namespace {

// Refusals that a policy is not the reason of.
bool is_of_policy(const std::string &rule)
{
    return policy::refusal_of(rule).has_value();
}

// ", then a second person of 2 approvers approves"; empty: the role asks for none.
std::string say_approval(const policy::Decision &decision, const std::string &oid)
{
    const std::string then =
        decision.role == nullptr ? "" : policy::approval_of(*decision.role, oid);
    return then.empty() ? "" : ", " + then;
}

// Of somebody who was refused, and is not by this policy.
std::string say_opening(const policy::Decision &now, const std::string &oid)
{
    const std::string approval = say_approval(now, oid);
    if (now.needs_sign_in)
        return "may sign in for it now" + approval;
    return approval.empty() ? "granted now" : "may ask for it now" + approval;
}

} // namespace

Result<PastEvent> read_past_event(const std::string &line)
{
    const ipc::Json object = TRY(ipc::decode_object(line));
    const auto get = [&](const char *name) {
        const char *const value = json_string_value(json_object_get(object.get(), name));
        return std::string{value != nullptr ? value : ""};
    };
    const auto at = parse_time(get("time"));
    if (!at)
        return Error{Code::bad_input, "a record without a time"};
    PastEvent out{get("event"), get("request"), get("role"), get("user"), get("oid"), get("tty"),
                  get("rhost"), get("reason"),  get("rule"), *at,         {},         {}};
    out.until = parse_time(get("until"));
    out.asked = parse_duration(get("asked"));
    return out;
}

std::string_view name_of(Replayed::Outcome outcome)
{
    switch (outcome) {
    case Replayed::Outcome::same:
        return "same";
    case Replayed::Outcome::refused:
        return "refused";
    case Replayed::Outcome::shorter:
        return "shorter";
    case Replayed::Outcome::allowed:
        return "allowed";
    }
    return "";
}

void Simulation::play(const PastEvent &event)
{
    if (event.event == "requested")
        waiting_[event.request] = event;
    if (event.event == "refused" && event.request.empty() && !event.role.empty() &&
        is_of_policy(event.rule))
        return settle_refused(event, false);
    const auto found = waiting_.find(event.request);
    if (found == waiting_.end())
        return end_early(event);
    const bool is_over = event.event == "granted" || event.event == "denied" ||
                         event.event == "cancelled" || event.event == "timed-out";
    if (!is_over)
        return;
    const PastEvent request = found->second;
    waiting_.erase(found);
    if (event.event == "granted" && event.until)
        return settle_granted(request, event);
    if (event.event == "denied" && is_of_policy(event.rule)) {
        PastEvent denied = request;
        denied.rule = event.rule;
        denied.oid = event.oid.empty() ? request.oid : event.oid;
        settle_refused(denied, true);
    } else
        replayed_.push_back({request.user, request.role, request.at, Replayed::Outcome::same,
                             event.event + " then, by more than the policy"});
}

// What was handed back, or taken, was had until then.
void Simulation::end_early(const PastEvent &event)
{
    if (event.event != "dropped" && event.event != "revoked" && event.event != "expired" &&
        event.event != "reconciled")
        return;
    for (Spell &spell : spells_)
        if (!event.request.empty() && spell.request == event.request)
            spell.time.until = std::min(spell.time.until, std::max(event.at, spell.time.since));
}

policy::Use Simulation::count_use(const PastEvent &request) const
{
    policy::Use use;
    std::set<std::string> others;
    for (const Spell &spell : spells_) {
        if (spell.role != request.role)
            continue;
        if (spell.oid == request.oid)
            use.spells.push_back(spell.time);
        else if (spell.time.until > request.at)
            others.insert(spell.oid);
    }
    use.others_active = others.size();
    return use;
}

policy::Person Simulation::make_person(const PastEvent &request) const
{
    policy::Person person;
    person.user = request.user;
    person.oid = request.oid;
    person.is_vouched = true;
    person.found_by_sign_in = request.oid.empty();
    if (groups_of_)
        person.local_groups = groups_of_(request.user);
    return person;
}

policy::Decision Simulation::decide(const PastEvent &request,
                                    std::optional<std::chrono::seconds> asked) const
{
    const policy::Person person = make_person(request);
    const policy::Ask ask{
        request.role, asked, request.reason, request.reason.empty(), {request.tty, request.rhost}};
    return policy::decide(policy_, ask, person, host_, count_use(request), request.at);
}

void Simulation::settle_granted(const PastEvent &request, const PastEvent &granted)
{
    // The sign-in showed who it was.
    PastEvent known = request;
    if (known.oid.empty())
        known.oid = granted.oid;
    const auto had = *granted.until - granted.at;
    policy::Decision now = decide(known, known.asked);
    // Where nobody said for how long, or older records do not, it is as long as it was.
    if (now.role != nullptr && !now.is_refused())
        now = policy::decide_time(*now.role,
                                  known.asked.value_or(std::min(had, now.role->max_duration)),
                                  count_use(known), granted.at);
    const std::string then = "granted for " + format_duration(had) + " then; ";
    Replayed one{known.user, known.role, known.at, Replayed::Outcome::same,
                 then + "the same now" + say_approval(now, known.oid)};
    if (now.is_refused()) {
        one.outcome = Replayed::Outcome::refused;
        one.text = then + "refused now: " + policy::explain(now, known.role, known.user);
    } else {
        // Requests are asked for in whole seconds, and granted a moment later.
        if (now.duration + std::chrono::seconds{1} < had) {
            one.outcome = Replayed::Outcome::shorter;
            one.text = then + "for " + format_duration(now.duration) + " now" +
                       say_approval(now, known.oid);
        }
        spells_.push_back(
            {known.request, known.role, known.oid, {granted.at, granted.at + now.duration}});
    }
    replayed_.push_back(std::move(one));
}

// Whether who was refused would not be by this policy, as far as it can be known: what the sign-in
// showed is in no record.
bool Simulation::is_lifted(const PastEvent &refused, bool has_signed_in,
                           const policy::Decision &now) const
{
    using policy::Refusal;
    if (now.is_refused())
        return false;
    const policy::Role &role = *now.role;
    switch (policy::refusal_of(refused.rule).value_or(Refusal::none)) {
    case Refusal::too_long:
        return refused.asked.has_value();
    case Refusal::guest:
        return role.conditions.guests || !role.approval.has_sign_in();
    case Refusal::no_context:
        return role.conditions.auth_context.empty();
    case Refusal::stale_sign_in:
        return !role.conditions.auth_age;
    case Refusal::not_requester:
    case Refusal::group_overage:
    case Refusal::groups_unknown:
        return !has_signed_in ||
               policy::standing_of(role, make_person(refused)) == policy::Standing::requester;
    default:
        return true;
    }
}

void Simulation::settle_refused(const PastEvent &refused, bool has_signed_in)
{
    const policy::Decision now = decide(refused, refused.asked);
    const std::string then = "refused then (" + refused.rule + "); ";
    if (!is_lifted(refused, has_signed_in, now))
        replayed_.push_back({refused.user, refused.role, refused.at, Replayed::Outcome::same,
                             then + "refused now, too"});
    else
        replayed_.push_back({refused.user, refused.role, refused.at, Replayed::Outcome::allowed,
                             then + say_opening(now, refused.oid)});
}

} // namespace jit::ctl
