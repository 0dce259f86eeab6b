// What must be true of every decision, told without the code that makes it: the time is counted in
// quarters of an hour, one after the other, in each of which a zone shows one day.
#pragma once

#include <map>

#include "tests/unit/policy/situation.h"

namespace jit::policy::judge {

using std::chrono::minutes;
using std::chrono::seconds;
using test::Situation;

// The days on the wall, by the quarters of an hour of a time. One that was begun is gone on with
// when clocks are set back over its midnight.
class Days
{
  public:
    Days(const Zone &zone, WallTime from, WallTime to)
    {
        std::chrono::days last = std::chrono::days::min();
        for (WallTime at = std::chrono::floor<Quarter>(from); at < to; at += Quarter{1}) {
            last = std::max(last, std::chrono::floor<std::chrono::days>(zone.shown_at(at)));
            quarters_.emplace_back(at, last);
        }
    }

    std::chrono::days day_of(WallTime at) const
    {
        const auto first = quarters_.front().first;
        return quarters_.at(static_cast<std::size_t>((at - first) / Quarter{1})).second;
    }

    // Adds what of a time belongs to each day.
    void add(WallTime since, WallTime until, std::map<std::chrono::days, seconds> &sums) const
    {
        for (const auto &[begin, day] : quarters_) {
            const WallTime from = std::max(since, begin);
            const WallTime to = std::min<WallTime>(until, begin + Quarter{1});
            if (from < to)
                sums[day] += to - from;
        }
    }

  private:
    using Quarter = std::chrono::duration<std::int64_t, std::ratio<900>>;
    std::vector<std::pair<WallTime, std::chrono::days>> quarters_;
};

// Whether the budget of each day covers what is granted of it, and would not cover more.
inline const char *find_budget_fault(const Situation &situation, const Decision &decision,
                                     seconds wanted)
{
    const Role &role = situation.web();
    if (!role.limits.per_day)
        return nullptr;
    const seconds budget = *role.limits.per_day;
    const WallTime now = situation.now;
    const Days days{*role.conditions.zone, now - std::chrono::hours{52},
                    now + std::chrono::hours{26}};
    std::map<std::chrono::days, seconds> used;
    for (const Spell &spell : situation.use.spells)
        days.add(spell.since, spell.until, used);
    if (decision.refusal == Refusal::used_up)
        return used[days.day_of(now)] < budget ? "refused, and the day has some budget left"
                                               : nullptr;
    if (decision.is_refused())
        return nullptr;
    const WallTime end = now + decision.duration;
    std::map<std::chrono::days, seconds> granted;
    days.add(now, end, granted);
    for (const auto &[day, time] : granted)
        if (time + used[day] > budget)
            return "more than the budget of a day";
    const auto day = days.day_of(end);
    if (decision.duration < wanted && granted[day] + used[day] < budget &&
        is_open(role.conditions.hours, *role.conditions.zone, end))
        return "less than hours and budget leave";
    return nullptr;
}

inline const char *find_hours_fault(const Situation &situation, const Decision &decision)
{
    const Conditions &conditions = situation.web().conditions;
    if (conditions.hours.empty())
        return decision.refusal == Refusal::outside_hours ? "closed, without hours" : nullptr;
    const auto open = [&](WallTime at) { return is_open(conditions.hours, *conditions.zone, at); };
    const WallTime now = situation.now;
    if (decision.refusal == Refusal::outside_hours) {
        if (open(now))
            return "closed, and it is open";
        if (decision.again && (*decision.again <= now || !open(*decision.again)))
            return "it is said to open when it does not";
        return nullptr;
    }
    if (decision.is_refused())
        return nullptr;
    const WallTime end = now + decision.duration;
    for (WallTime at = now; at < end; at += minutes{1})
        if (!open(at))
            return "granted while it is closed";
    return open(end - seconds{1}) ? nullptr : "granted past its closing";
}

inline const char *find_wait_fault(const Situation &situation, const Decision &decision)
{
    const Limits &limits = situation.web().limits;
    if (decision.again && *decision.again <= situation.now)
        return "again, and not later";
    const bool has_one = std::any_of(situation.use.spells.begin(), situation.use.spells.end(),
                                     [&](const Spell &spell) {
                                         return spell.until <= situation.now && limits.cooldown &&
                                                spell.until + *limits.cooldown > situation.now;
                                     });
    if (decision.refusal == Refusal::cooling && !has_one)
        return "cooling, after nothing";
    if (!decision.is_refused() && has_one)
        return "granted while it cools";
    const bool is_full = limits.max_active && situation.use.others_active >= *limits.max_active;
    if (decision.refusal == Refusal::no_place && !is_full)
        return "no place, and there is one";
    return !decision.is_refused() && is_full ? "granted, and there was no place" : nullptr;
}

// Told once more: the modes in which the requester's sign-in is wanted.
inline bool is_signed_in_for(const Role &role)
{
    const Approval::Mode mode = role.approval.mode;
    return mode == Approval::Mode::self || mode == Approval::Mode::approver ||
           mode == Approval::Mode::pim;
}

// Null: all is well with what is decided. Else what is not.
inline const char *find_fault(const Situation &situation)
{
    const Decision decision = situation.decide();
    if ((decision.role == nullptr) != (decision.refusal == Refusal::unknown_role))
        return "a role that is not there";
    const std::string line = explain(decision, situation.role, situation.person.user);
    if (line.empty() != !decision.is_refused() || line.find('\n') != line.npos)
        return "not one line for each refusal";
    if (decision.role == nullptr)
        return decision.duration == seconds{0} ? nullptr : "refused for some time";
    const Role &role = situation.web();
    const bool needs = is_signed_in_for(role) && !situation.person.signed_in;
    if (decision.needs_sign_in != needs)
        return "a sign-in too many, or too few";
    const seconds wanted = std::max(situation.asked.value_or(role.default_duration), seconds{1});
    if (decision.is_refused() ? decision.duration != seconds{0}
                              : decision.duration < seconds{1} || decision.duration > wanted ||
                                    decision.duration > role.max_duration)
        return "longer than it was asked for or may be, or for no time";
    if (const char *fault = find_hours_fault(situation, decision))
        return fault;
    if (const char *fault = find_wait_fault(situation, decision))
        return fault;
    return find_budget_fault(situation, decision, wanted);
}

// Whether the second gives what the first does not.
inline bool is_more(const Decision &first, const Decision &second)
{
    return !second.is_refused() && (first.is_refused() || second.duration > first.duration);
}

// The same in all that a caller sees.
inline bool is_same(const Decision &a, const Decision &b)
{
    return a.refusal == b.refusal && a.duration == b.duration && a.again == b.again &&
           a.needs_sign_in == b.needs_sign_in && (a.role == nullptr) == (b.role == nullptr);
}

} // namespace jit::policy::judge
