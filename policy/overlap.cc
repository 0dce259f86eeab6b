#include "policy/overlap.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/account_table.h"
#include "policy/common_text.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

// Whether whatever a glob matches is refused by a role.
bool excludes(const Role &role, std::string_view glob)
{
    return std::any_of(role.accounts.begin(), role.accounts.end(),
                       [&](const AccountPattern &pattern) {
                           return pattern.negated && is_covered(glob, pattern.glob);
                       });
}

// A literal of one role that both match.
std::string common_literal(const Role &a, const Role &b)
{
    for (const AccountPattern &pattern : a.accounts)
        if (!pattern.negated && !has_wildcard(pattern.glob) && matches_account(a, pattern.glob) &&
            matches_account(b, pattern.glob))
            return pattern.glob;
    return {};
}

} // namespace

std::optional<Overlap> find_overlap(const Role &a, const Role &b)
{
    const std::string sharing = sharing_of(a);
    if (!sharing.empty() && sharing == sharing_of(b))
        return std::nullopt;
    const std::string_view service = common_service(a, b);
    if (service.empty())
        return std::nullopt;
    auto [account, other] = common_account(a, b);
    if (account.empty())
        return std::nullopt;
    return Overlap{service, std::move(account), std::move(other)};
}

// Whatever opens a door opens all behind it: only what is the same behind both may be shared.
std::string sharing_of(const Role &role)
{
    std::string out;
    for (const SudoRule &rule : role.sudo_rules)
        out += "(" + rule.runas + ") " + rule.tags + rule.command + "\n";
    return out;
}

std::string_view common_service(const Role &a, const Role &b)
{
    const auto others = doors_of(b);
    for (const std::string_view door : doors_of(a))
        if (std::find(others.begin(), others.end(), door) != others.end())
            return door;
    return {};
}

std::pair<std::string, std::string> common_account(const Role &a, const Role &b)
{
    // Wildcards first: they are cheap to compare and settle most pairs.
    for (const AccountPattern &left : a.accounts) {
        if (left.negated || !has_wildcard(left.glob) || excludes(b, left.glob))
            continue;
        for (const AccountPattern &right : b.accounts) {
            if (right.negated || !has_wildcard(right.glob) ||
                !have_common_text(left.glob, right.glob) || excludes(a, right.glob))
                continue;
            if (is_covered(left.glob, right.glob))
                return {left.glob, ""};
            return {right.glob, is_covered(right.glob, left.glob) ? "" : left.glob};
        }
    }
    std::string literal = common_literal(a, b);
    return {literal.empty() ? common_literal(b, a) : std::move(literal), ""};
}

// The glob's own wildcards are taken as plain characters, which only the '*' of the negation can
// swallow: sound, unless the negation has a '?' that would take a '*' for one character.
bool is_covered(std::string_view glob, std::string_view by)
{
    return by == glob || (by.find('?') == std::string_view::npos && matches_glob(by, glob));
}

bool matches_account(const Role &role, std::string_view account)
{
    bool matched = false;
    for (const AccountPattern &pattern : role.accounts) {
        if (!matches_glob(pattern.glob, account))
            continue;
        if (pattern.negated)
            return false;
        matched = true;
    }
    return matched;
}

} // namespace jit::policy
