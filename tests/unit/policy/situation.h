// A made-up situation: one role, somebody who asks for it at some time, and what he has had. It is
// made from numbers, which a test draws from a generator and a fuzzer from its bytes.
#pragma once

#include <cstdint>
#include <functional>

#include "policy/decide.h"
#include "tests/unit/policy/zones.h"

namespace jit::policy::test {

using std::chrono::seconds;

// The next number, below the one given.
using Numbers = std::function<std::uint64_t(std::uint64_t)>;

struct Situation {
    Policy policy; // of one role, "web"
    std::string role;
    std::optional<seconds> asked;
    std::string reason;
    bool may_add_reason = false;
    std::string tty;
    std::string rhost;
    Person person;
    Host host;
    Use use;
    WallTime now;

    Role &web() { return policy.roles[0]; }
    const Role &web() const { return policy.roles[0]; }
    // Borrows from this.
    Decision decide() const
    {
        return policy::decide(policy, {role, asked, reason, may_add_reason, {tty, rhost}}, person,
                              host, use, now);
    }
};

inline constexpr const char *some_ids[] = {"a11ce000-0000-4000-8000-000000000001",
                                           "A11CE000-0000-4000-8000-000000000001",
                                           "b0b00000-0000-4000-8000-000000000002", ""};
inline constexpr const char *some_groups[] = {"9a000000-0000-4000-8000-000000000001",
                                              "9a000000-0000-4000-8000-000000000002"};
inline constexpr const char *some_words[] = {"ops", "dev"};
inline constexpr const char *some_networks[] = {"10.0.0.0/8", "10.1.2.3", "0.0.0.0/0",
                                                "2001:db8::/33", "::/0"};
inline constexpr const char *some_hosts[] = {
    "10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "2001:db8::7%eth0", "db1", ""};

template <std::size_t n> const char *pick(const Numbers &below, const char *const (&words)[n])
{
    return words[below(n)];
}

// One in so many.
inline bool is_one_in(const Numbers &below, std::uint64_t n)
{
    return below(n) == 0;
}

// Shared: what they cost is not what is looked at.
inline const std::shared_ptr<const Pattern> &ticket_pattern()
{
    static const std::shared_ptr<const Pattern> made = [] {
        std::string fault;
        return Pattern::make("^INC-[0-9]+", fault);
    }();
    return made;
}

// Changes lie on quarters of an hour, as all offsets do.
inline Zone make_zone(const Numbers &below)
{
    switch (below(6)) {
    case 0:
        return greenwich();
    case 1:
        return berlin();
    case 2:
        return sao_paulo();
    case 3:
        return apia();
    default:
        break;
    }
    // Any, around noon of 2026-11-27 in UTC.
    constexpr std::chrono::minutes quarter{15};
    const auto offset = [&] {
        return quarter * static_cast<int>(below(105)) - std::chrono::hours{12};
    };
    Zone zone{"Made/Up", offset(), {}};
    for (auto left = below(3); left > 0; --left) {
        const seconds before = zone.changes.empty() ? zone.offset : zone.changes.back().offset;
        const WallTime last = zone.changes.empty() ? utc(2026, 11, 26, 0) : zone.changes.back().at;
        // By three hours at most, but over the date line.
        const int jump = static_cast<int>(below(24)) - 12;
        const seconds after =
            is_one_in(below, 8) ? before + std::chrono::hours{24} : before + quarter * jump;
        if (after != before)
            zone.changes.push_back({last + quarter * static_cast<int>(1 + below(192)), after});
    }
    return zone;
}

// Near one of the zone's changes, if it has some, and often near a midnight of it.
inline WallTime make_time(const Numbers &below, const Zone &zone)
{
    const auto quarters = [&](unsigned most) {
        return std::chrono::minutes{15} *
               (static_cast<int>(below(2 * most)) - static_cast<int>(most));
    };
    WallTime time = zone.changes.empty() || is_one_in(below, 4)
                        ? utc(2026, 11, 27, 12)
                        : zone.changes[below(zone.changes.size())].at;
    time += quarters(120);
    if (!is_one_in(below, 3)) {
        const seconds shown = zone.shown_at(time);
        time += std::chrono::floor<std::chrono::days>(shown) - shown + quarters(8);
    }
    return time + seconds{is_one_in(below, 2) ? 0 : below(900)};
}

inline Window make_window(const Numbers &below)
{
    Window window;
    for (bool &day : window.days)
        day = !is_one_in(below, 3);
    window.begin = std::chrono::minutes{below(1440)};
    window.end = window.begin + std::chrono::minutes{1 + below(1440)};
    return window;
}

inline Requester make_requester(const Numbers &below)
{
    switch (below(4)) {
    case 0:
        return {Requester::Kind::user, some_ids[0]};
    case 1:
        return {Requester::Kind::group, pick(below, some_groups)};
    case 2:
        return {Requester::Kind::app_role, pick(below, some_words)};
    default:
        return {Requester::Kind::local_group, pick(below, some_words)};
    }
}

inline Approver make_approver(const Numbers &below)
{
    return is_one_in(below, 2)
               ? Approver{Approver::Kind::user, is_one_in(below, 3) ? some_ids[0] : some_ids[2]}
               : Approver{Approver::Kind::group, pick(below, some_groups)};
}

inline Approval make_approval(const Numbers &below)
{
    constexpr Approval::Mode modes[] = {Approval::Mode::none,     Approval::Mode::watch,
                                        Approval::Mode::approver, Approval::Mode::pim,
                                        Approval::Mode::self,     Approval::Mode::self};
    Approval approval;
    approval.mode = modes[below(6)];
    if (approval.mode == Approval::Mode::approver) {
        for (auto left = 1 + below(3); left > 0; --left)
            approval.approvers.push_back(make_approver(below));
        approval.quorum = static_cast<unsigned>(1 + below(3));
    }
    if (approval.mode == Approval::Mode::pim || approval.mode == Approval::Mode::watch)
        approval.pim_group = some_groups[0];
    return approval;
}

// How long it is waited for, and what of an activation counts. After all else that is drawn: what
// made a situation before makes it still.
inline void make_waiting(Approval &approval, const Numbers &below)
{
    approval.timeout = seconds{30 + below(3600)};
    if (!approval.pim_group.empty())
        approval.pim_group = pick(below, some_groups);
    if (approval.mode == Approval::Mode::watch) {
        approval.window = seconds{below(3601)};
        approval.bind = is_one_in(below, 2) ? Approval::Bind::token : Approval::Bind::none;
    }
}

// More that is asked of those who say yes. False: the mode has no such thing.
inline bool add_to_approval(Role &role, unsigned number, const Numbers &below)
{
    Approval &approval = role.approval;
    const auto is = [&](Approval::Mode mode) { return approval.mode == mode; };
    switch (number) {
    case 0:
        ++approval.quorum;
        return is(Approval::Mode::approver);
    case 1:
        if (approval.approvers.size() > 1)
            approval.approvers.erase(approval.approvers.begin() +
                                     static_cast<std::ptrdiff_t>(below(approval.approvers.size())));
        return is(Approval::Mode::approver);
    case 2:
        approval.window /= 2;
        return is(Approval::Mode::watch);
    case 3:
        approval.bind = Approval::Bind::token;
        return is(Approval::Mode::watch);
    case 4:
        approval.timeout = seconds{30};
        return true;
    default: // others, besides himself
        if (!is(Approval::Mode::self))
            return false;
        approval.mode = is_one_in(below, 2) ? Approval::Mode::approver : Approval::Mode::pim;
        approval.approvers = {make_approver(below)};
        return true;
    }
}

// The conditions that a role may have, each to be added by its number: first those that
// make_role() draws from, and the last of all those of its approval.
inline constexpr unsigned drawn_conditions = 13;
inline constexpr unsigned condition_of_approval = 14;
inline constexpr unsigned condition_count = 20;
inline constexpr unsigned condition_of_budget = 11;
inline void add_condition(Situation &situation, unsigned number, const Numbers &below)
{
    Role &role = situation.web();
    Conditions &conditions = role.conditions;
    const auto less = [&](auto limit, seconds value) {
        return limit ? std::min<seconds>(*limit, value) : value;
    };
    switch (number) {
    case 0:
        if (role.hosts.empty())
            role.hosts = {{is_one_in(below, 2), is_one_in(below, 2) ? "prod" : "w*"}};
        break;
    case 1:
        conditions.tty = true;
        break;
    case 2:
        if (conditions.from.empty())
            conditions.from = {*parse_network(pick(below, some_networks))};
        break;
    case 3:
        role.allow_root_equivalent = true;
        break;
    case 4:
        conditions.guests = false;
        break;
    case 5:
        if (conditions.auth_context.empty())
            conditions.auth_context = is_one_in(below, 2) ? "c1" : "c2";
        break;
    case 6:
        conditions.auth_age = less(conditions.auth_age, seconds{1 + below(900)});
        break;
    case 7:
        role.justification.required = true;
        break;
    case 8:
        role.justification.pattern = ticket_pattern();
        break;
    case 9:
        if (conditions.hours.empty())
            for (auto left = 1 + below(3); left > 0; --left)
                conditions.hours.push_back(make_window(below));
        break;
    case 10:
        role.limits.cooldown = role.limits.cooldown.value_or(seconds{0}) + seconds{1 + below(3600)};
        break;
    case condition_of_budget:
        role.limits.per_day = less(role.limits.per_day, seconds{1 + below(4 * 3600)});
        break;
    case 12:
        role.limits.max_active =
            std::min(role.limits.max_active.value_or(256U), static_cast<unsigned>(1 + below(4)));
        break;
    case drawn_conditions:
        role.max_duration = std::min<seconds>(role.max_duration, seconds{1 + below(24 * 3600)});
        break;
    default:
        (void)add_to_approval(role, number - condition_of_approval, below);
        break;
    }
}

inline void make_role(Situation &situation, const Numbers &below)
{
    Role &role = situation.policy.roles.emplace_back();
    role.name = "web";
    role.groups = {"jit-web"};
    for (auto left = 1 + below(3); left > 0; --left)
        role.requesters.push_back(make_requester(below));
    role.accounts = {{false, "*"}};
    role.max_duration = seconds{1 + below(is_one_in(below, 8) ? 24 * 3600 : 4 * 3600)};
    role.default_duration =
        seconds{1 + below(static_cast<std::uint64_t>(role.max_duration.count()))};
    role.approval = make_approval(below);
    role.conditions.zone = std::make_shared<Zone>(make_zone(below));
    role.conditions.guests = true;
    if (is_one_in(below, 2))
        add_condition(situation, condition_of_budget, below);
    // A few of the others: somebody who meets them all is wanted, too.
    for (auto left = below(4); left > 0; --left)
        add_condition(situation, static_cast<unsigned>(below(drawn_conditions)), below);
}

inline void make_person(Person &person, const Numbers &below)
{
    person.user = "alice";
    person.oid = is_one_in(below, 4) ? pick(below, some_ids) : some_ids[0];
    person.found_by_sign_in = person.oid.empty() && is_one_in(below, 2);
    person.is_vouched = !is_one_in(below, 3);
    if (!is_one_in(below, 3))
        person.local_groups = {pick(below, some_words)};
    person.signed_in = is_one_in(below, 2);
    if (!is_one_in(below, 4))
        person.groups = std::vector<std::string>{pick(below, some_groups)};
    person.group_overage = is_one_in(below, 8);
    if (!is_one_in(below, 3))
        person.app_roles = {pick(below, some_words)};
    person.is_guest = is_one_in(below, 6);
    if (!is_one_in(below, 3))
        person.contexts = {"c1", "c2"};
    if (!is_one_in(below, 3))
        person.auth_age = seconds{below(900)};
}

// Up to five spells of the last two days, some of which live. Some are had at the same time.
inline void make_use(Situation &situation, const Numbers &below)
{
    constexpr std::uint64_t longest_ago[] = {48 * 3600, 26 * 3600, 7200};
    for (auto left = below(6); left > 0; --left) {
        const WallTime since = situation.now - seconds{below(longest_ago[below(3)])};
        situation.use.spells.push_back(
            {since, since + seconds{below(is_one_in(below, 4) ? 24 * 3600 : 3600)}});
    }
    situation.use.others_active = below(5);
}

inline Situation make_situation(const Numbers &below)
{
    Situation situation;
    make_role(situation, below);
    situation.role = is_one_in(below, 32) ? "wev" : "web";
    if (!is_one_in(below, 3))
        situation.asked = seconds{below(is_one_in(below, 8) ? 25 * 3600 : 4 * 3600)};
    if (!is_one_in(below, 3))
        situation.reason = is_one_in(below, 3) ? "because" : "INC-7";
    situation.may_add_reason = is_one_in(below, 3);
    situation.tty = is_one_in(below, 3) ? "" : "pts/0";
    situation.rhost = pick(below, some_hosts);
    make_person(situation.person, below);
    situation.host = {is_one_in(below, 3) ? "db1" : "web1", {"prod"}};
    situation.now = make_time(below, *situation.web().conditions.zone);
    make_use(situation, below);
    make_waiting(situation.web().approval, below);
    return situation;
}

} // namespace jit::policy::test
