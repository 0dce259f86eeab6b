// Two roles overlap at a door in one of three ways: both have patterns with wildcards that have a
// name in common and are not kept apart by negations; one names an account that the other names, or
// that the other's pattern matches. So the roles with wildcards are put into groups of equal ones,
// which are compared with those whose patterns begin alike; and for each account that is named
// anywhere, those who name it and the groups that match it are brought together.
#include "policy/overlap_search.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "lib/base/text.h"
#include "policy/account_table.h"
#include "policy/common_text.h"
#include "policy/decide.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

using Number = std::uint32_t; // of a role, or of a group of them

constexpr Number none = ~Number{0};

// Roles of one camp may stand together. Whoever shares with no other is alone in his.
using Camp = std::uint32_t;

// How much there is to compare.
struct Size {
    std::size_t count = 0;
    std::size_t bytes = 0;

    void add(std::string_view glob)
    {
        ++count;
        bytes += glob.size();
    }
    // A comparison takes the product of the lengths at worst, and mostly a step or two.
    std::size_t steps_with(Size other) const
    {
        return count * other.count + bytes * other.bytes / 64;
    }
};

// A door's roles that have the same wildcards, the same negations, and one camp, or no sharing.
struct Group {
    std::vector<std::string_view> globs; // plain, with wildcards
    std::vector<std::string_view> negated;
    Size size_of_globs;
    Size size_of_negated;
    std::optional<Camp> camp;
    Number first = none; // of its roles
    // The first role that overlaps with all of this group that come after it.
    Number earlier = none;

    bool matches(std::string_view account) const
    {
        const auto holds = [&](std::string_view glob) { return matches_glob(glob, account); };
        return std::any_of(globs.begin(), globs.end(), holds) &&
               std::none_of(negated.begin(), negated.end(), holds);
    }
    std::size_t steps_with(const Group &other) const
    {
        const std::size_t negations = 1 + size_of_globs.steps_with(other.size_of_negated) +
                                      other.size_of_globs.steps_with(size_of_negated);
        if (this == &other)
            return negations;
        // Of two globs with a text in common, each character of one with each of the other.
        return negations + size_of_globs.count * other.size_of_globs.count +
               size_of_globs.bytes * other.size_of_globs.bytes / 8;
    }
};

// The first role of all that were added, and the first of another camp than that.
class Foremost
{
  public:
    void add(Number role, std::optional<Camp> camp)
    {
        if (role < first_.role) {
            if (!is_one(first_.camp, camp))
                other_ = first_;
            first_ = {role, camp};
        } else if (role < other_.role && !is_one(first_.camp, camp)) {
            other_ = {role, camp};
        }
    }
    Number beside(std::optional<Camp> camp) const
    {
        return is_one(first_.camp, camp) ? other_.role : first_.role;
    }

  private:
    struct Member {
        Number role = none;
        std::optional<Camp> camp;
    };
    // Without a camp, or with none that is known, nobody is of the same.
    static bool is_one(std::optional<Camp> a, std::optional<Camp> b) { return a && a == b; }

    Member first_;
    Member other_;
};

// A glob's, with the group that has it.
struct Stem {
    std::string_view text;
    Number group = none;
};

class Search
{
  public:
    Search(std::span<const Role> roles, std::size_t max_steps, std::string (*sharing)(const Role &))
        : roles_(roles), steps_left_(max_steps)
    {
        earlier_.assign(roles.size(), none);
        group_of_.assign(roles.size(), none);
        std::unordered_map<std::string, Camp> camps;
        for (const Role &role : roles) {
            const std::string text = sharing(role);
            const auto camp = static_cast<Camp>(camps.size());
            camps_.push_back(text.empty()
                                 ? std::nullopt
                                 : std::optional{camps.try_emplace(text, camp).first->second});
        }
    }

    Overlaps run();

  private:
    bool spend(std::size_t steps, Number at)
    {
        if (steps > steps_left_)
            gave_up_at_ = at;
        else
            steps_left_ -= steps;
        return !gave_up_at_;
    }
    void found(Number role, Number earlier)
    {
        if (earlier < role)
            earlier_[role] = std::min(earlier_[role], earlier);
    }

    void search_door();
    void make_groups();
    void file_stems();
    bool find_candidates(Number group);
    bool overlap(const Group &a, const Group &b);
    void compare_groups();
    void compare_names();
    void compare_name(std::string_view account, std::span<const Number> owners);

    std::span<const Role> roles_;
    std::size_t steps_left_;
    std::optional<Number> gave_up_at_;
    std::vector<std::optional<Camp>> camps_; // of each role
    std::vector<Number> earlier_;            // of each role

    // Of the door that is looked at.
    std::vector<Number> members_;
    std::vector<Group> groups_;
    std::vector<Number> group_of_; // of each role
    AccountTable by_account_;      // groups
    std::vector<Number> found_;    // in by_account_
    std::vector<Stem> stems_;      // of the groups' globs, in order
    std::vector<Number> candidates_;
};

void Search::make_groups()
{
    groups_.clear();
    by_account_ = {};
    std::unordered_map<std::string, Number> known;
    for (const Number member : members_) {
        const Role &role = roles_[member];
        Group group;
        std::string key = camps_[member] ? std::to_string(*camps_[member]) : "";
        for (const AccountPattern &pattern : role.accounts) {
            if (!pattern.negated && !has_wildcard(pattern.glob))
                continue;
            (pattern.negated ? group.negated : group.globs).push_back(pattern.glob);
            (pattern.negated ? group.size_of_negated : group.size_of_globs).add(pattern.glob);
            key += (pattern.negated ? "\n!" : "\n") + pattern.glob;
        }
        group_of_[member] = none;
        if (group.globs.empty())
            continue;
        const auto number = static_cast<Number>(groups_.size());
        const auto [place, is_new] = known.try_emplace(std::move(key), number);
        group_of_[member] = place->second;
        if (!is_new)
            continue;
        group.camp = camps_[member];
        group.first = member;
        for (const std::string_view glob : group.globs)
            by_account_.add("", glob, number);
        groups_.push_back(std::move(group));
    }
    by_account_.finish();
}

void Search::file_stems()
{
    stems_.clear();
    for (std::size_t i = 0; i < groups_.size(); ++i)
        for (const std::string_view glob : groups_[i].globs)
            stems_.push_back({stem_of(glob), static_cast<Number>(i)});
    std::sort(stems_.begin(), stems_.end(),
              [](const Stem &a, const Stem &b) { return a.text < b.text; });
}

// Finds the groups up to this one, each once and in their order, that may have a name in common
// with it and may not share it: a glob of one begins as one of the other does.
//   returns  false: given up
bool Search::find_candidates(Number number)
{
    const Group &group = groups_[number];
    candidates_.clear();
    const auto add = [&](std::vector<Stem>::const_iterator from, auto belongs) {
        std::size_t steps = 1;
        for (; from != stems_.end() && belongs(from->text); ++from) {
            const auto &camp = groups_[from->group].camp;
            if (from->group > number || (camp && camp == group.camp))
                continue;
            candidates_.push_back(from->group);
            steps += 8; // what it takes to put it in order
        }
        return spend(steps, group.first);
    };
    const auto begin_of = [&](std::string_view text) {
        return std::lower_bound(
            stems_.cbegin(), stems_.cend(), text,
            [](const Stem &stem, std::string_view of) { return stem.text < of; });
    };
    for (const std::string_view glob : group.globs) {
        const std::string_view stem = stem_of(glob);
        if (!add(begin_of(stem), [&](std::string_view text) { return text.starts_with(stem); }))
            return false;
        for (std::size_t length = 0; length < stem.size(); ++length) {
            const std::string_view start = stem.substr(0, length);
            if (!add(begin_of(start), [&](std::string_view text) { return text == start; }))
                return false;
        }
    }
    std::sort(candidates_.begin(), candidates_.end());
    candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
    return true;
}

// The globs of one that are not kept away by the other's negations.
std::vector<std::string_view> uncovered(const Group &of, const Group &by)
{
    std::vector<std::string_view> out;
    for (const std::string_view glob : of.globs)
        if (std::none_of(by.negated.begin(), by.negated.end(),
                         [&](std::string_view negated) { return is_covered(glob, negated); }))
            out.push_back(glob);
    return out;
}

bool Search::overlap(const Group &a, const Group &b)
{
    if (!spend(a.steps_with(b), std::max(a.first, b.first)))
        return false;
    const auto of_a = uncovered(a, b);
    if (&a == &b)
        return !of_a.empty();
    const auto of_b = of_a.empty() ? of_a : uncovered(b, a);
    for (const std::string_view left : of_a)
        for (const std::string_view right : of_b)
            if (have_common_text(left, right))
                return true;
    return false;
}

// A group also overlaps with itself, if it may not share: its first role with those after it.
void Search::compare_groups()
{
    file_stems();
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        Group &later = groups_[i];
        if (!find_candidates(static_cast<Number>(i)))
            return;
        for (const Number k : candidates_) {
            Group &former = groups_[k];
            if (later.earlier != none && former.earlier != none)
                continue;
            const bool is_found = overlap(later, former);
            if (gave_up_at_)
                return;
            if (!is_found)
                continue;
            // In their order, so what is found first comes first.
            if (later.earlier == none)
                later.earlier = former.first;
            if (former.earlier == none)
                former.earlier = later.first;
        }
    }
}

void Search::compare_name(std::string_view account, std::span<const Number> owners)
{
    Foremost all;
    Foremost all_owners;
    for (const Number owner : owners) {
        all.add(owner, camps_[owner]);
        all_owners.add(owner, camps_[owner]);
    }
    found_.clear();
    by_account_.find("", account, found_);
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    for (const Number number : found_) {
        Group &group = groups_[number];
        const Size name{1, account.size()};
        if (!spend(group.size_of_globs.steps_with(name) + group.size_of_negated.steps_with(name),
                   owners.front()))
            return;
        if (!group.matches(account))
            continue;
        all.add(group.first, group.camp);
        group.earlier = std::min(group.earlier, all_owners.beside(group.camp));
    }
    for (const Number owner : owners)
        found(owner, all.beside(camps_[owner]));
}

void Search::compare_names()
{
    std::vector<std::pair<std::string_view, Number>> named;
    for (const Number member : members_) {
        const Role &role = roles_[member];
        Size accounts;
        for (const AccountPattern &pattern : role.accounts)
            accounts.add(pattern.glob);
        for (const AccountPattern &pattern : role.accounts) {
            if (pattern.negated || has_wildcard(pattern.glob))
                continue;
            if (!spend(accounts.steps_with({1, pattern.glob.size()}), member))
                return;
            if (matches_account(role, pattern.glob))
                named.emplace_back(pattern.glob, member);
        }
    }
    std::sort(named.begin(), named.end());
    std::vector<Number> owners;
    for (auto at = named.begin(); at != named.end() && !gave_up_at_;) {
        const std::string_view account = at->first;
        owners.clear();
        for (; at != named.end() && at->first == account; ++at)
            if (owners.empty() || owners.back() != at->second)
                owners.push_back(at->second);
        compare_name(account, owners);
    }
}

void Search::search_door()
{
    make_groups();
    compare_groups();
    if (!gave_up_at_)
        compare_names();
    for (const Number member : members_)
        if (group_of_[member] != none)
            found(member, groups_[group_of_[member]].earlier);
}

Overlaps Search::run()
{
    // sudo and sudo-i are mostly the same roles' doors, and need to be looked at once.
    std::vector<std::vector<Number>> searched;
    std::map<std::string_view, std::vector<Number>> doors;
    for (std::size_t i = 0; i < roles_.size(); ++i)
        for (const std::string_view door : doors_of(roles_[i]))
            doors[door].push_back(static_cast<Number>(i));
    for (auto &[door, members] : doors) {
        members_ = std::move(members);
        if (std::find(searched.begin(), searched.end(), members_) != searched.end())
            continue;
        search_door();
        if (gave_up_at_)
            break;
        searched.push_back(members_);
    }
    Overlaps out;
    for (const Number earlier : earlier_)
        out.earlier.push_back(earlier == none ? std::nullopt : std::optional<std::size_t>{earlier});
    if (gave_up_at_)
        out.gave_up_at = *gave_up_at_;
    return out;
}

} // namespace

Overlaps find_overlaps(std::span<const Role> roles, std::size_t max_steps,
                       std::string (*sharing)(const Role &))
{
    return Search{roles, max_steps, sharing}.run();
}

} // namespace jit::policy
