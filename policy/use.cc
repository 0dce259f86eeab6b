#include "policy/use.h"

#include <algorithm>

namespace jit::policy {

namespace {

using std::chrono::seconds;

// When the wall of a zone first shows a day, or a later one, between two moments; the second, if
// not before.
WallTime first_of_day(const Zone &zone, WallTime from, WallTime to, std::chrono::days day)
{
    // The wall goes back only at a change, so between changes the day grows with the time.
    for (WallTime now = from; now < to;) {
        const auto change = zone.next_change(now);
        const WallTime end = change && *change < to ? *change : to;
        const WallTime midnight = now + (seconds{day} - zone.shown_at(now));
        if (midnight <= now)
            return now;
        if (midnight < end)
            return midnight;
        now = end;
    }
    return to;
}

// No day is longer, clocks that are set back included.
constexpr std::chrono::hours longest_day{49};

// The latest day that the wall has shown: one that was begun is gone on with where clocks are set
// back over its midnight.
std::chrono::days day_of(const Zone &zone, WallTime at)
{
    auto latest = std::chrono::floor<std::chrono::days>(zone.shown_at(at));
    for (auto change = zone.next_change(at - longest_day); change && *change <= at;
         change = zone.next_change(*change)) {
        const seconds before = zone.shown_at(*change - seconds{1});
        latest = std::max(latest, std::chrono::floor<std::chrono::days>(before));
    }
    return latest;
}

// When that day began.
WallTime day_begin(const Zone &zone, WallTime at)
{
    return first_of_day(zone, at - longest_day, at, day_of(zone, at));
}

// What the spells take of the time between two moments; what two of them share counts twice, since
// each was a grant of its own.
seconds used_between(const Use &use, WallTime from, WallTime to)
{
    seconds used{0};
    for (const Spell &spell : use.spells) {
        const WallTime begin = std::max(spell.since, from);
        const WallTime end = std::min(spell.until, to);
        if (begin < end)
            used += end - begin;
    }
    return used;
}

} // namespace

WallTime next_day(const Zone &zone, WallTime at)
{
    return first_of_day(zone, at, at + longest_day, day_of(zone, at) + std::chrono::days{1});
}

seconds left_of_budget(const Limits &limits, const Zone &zone, const Use &use, WallTime now,
                       seconds most)
{
    if (!limits.per_day)
        return most;
    const WallTime last = now + most;
    WallTime from = day_begin(zone, now);
    for (WallTime at = now; at < last;) {
        const WallTime midnight = next_day(zone, at);
        const WallTime end = std::min(midnight, last);
        const seconds left = *limits.per_day - used_between(use, from, midnight);
        if (left < end - at)
            return at - now + std::max(left, seconds{0});
        at = end;
        from = midnight;
    }
    return most;
}

seconds left_today(const Limits &limits, const Zone &zone, const Use &use, WallTime now)
{
    const seconds used = used_between(use, day_begin(zone, now), next_day(zone, now));
    return std::max(*limits.per_day - used, seconds{0});
}

std::optional<WallTime> cool_at(const Limits &limits, const Use &use, WallTime now)
{
    if (!limits.cooldown)
        return std::nullopt;
    std::optional<WallTime> last;
    for (const Spell &spell : use.spells)
        if (spell.until <= now)
            last = std::max(last.value_or(spell.until), spell.until);
    if (!last || *last + *limits.cooldown <= now)
        return std::nullopt;
    return *last + *limits.cooldown;
}

bool has_place(const Limits &limits, const Use &use)
{
    return !limits.max_active || use.others_active < *limits.max_active;
}

} // namespace jit::policy
