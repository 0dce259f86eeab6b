#include "policy/overlap.h"

#include "lib/base/text.h"
#include "policy/account_table.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

// Whether whatever a glob matches is refused by a role. The glob's own wildcards are taken as plain
// characters, which only the '*' of the negation can swallow: sound, unless the negation has a '?'
// that would take a '*' for one character.
bool excludes(const Role &role, std::string_view glob)
{
    for (const AccountPattern &pattern : role.accounts) {
        if (!pattern.negated)
            continue;
        const bool may_swallow = pattern.glob.find('?') == std::string::npos;
        if (pattern.glob == glob || (may_swallow && matches_glob(pattern.glob, glob)))
            return true;
    }
    return false;
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

std::string_view common_service(const Role &a, const Role &b)
{
    for (const std::string_view service : supported_services()) {
        const auto lists = [&](const Role &role) {
            for (const std::string &listed : role.services)
                if (covers(listed, service))
                    return true;
            return false;
        };
        if (lists(a) && lists(b))
            return service;
    }
    return {};
}

std::string common_account(const Role &a, const Role &b)
{
    // Wildcards first: they are cheap to compare and settle most pairs.
    for (const AccountPattern &left : a.accounts) {
        if (left.negated || !has_wildcard(left.glob) || excludes(b, left.glob))
            continue;
        for (const AccountPattern &right : b.accounts)
            if (!right.negated && has_wildcard(right.glob) && !excludes(a, right.glob))
                return left.glob;
    }
    std::string literal = common_literal(a, b);
    return literal.empty() ? common_literal(b, a) : literal;
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
