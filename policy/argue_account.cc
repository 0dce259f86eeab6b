// What a role says of the account from which somebody asks, and of the one that he comes to.
#include <algorithm>

#include "lib/base/text.h"
#include "policy/argue.h"
#include "policy/overlap.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

using Verdict = Finding::Verdict;

std::string list(const std::vector<std::string_view> &texts)
{
    std::string out;
    for (const std::string_view text : texts)
        out += (out.empty() ? "" : ", ") + safe_text(text, 64);
    return out;
}

} // namespace

bool takes_uid(const Role &role, unsigned uid, bool is_by_name)
{
    return uid >= 1000 || (uid != 0 && !is_by_name && role.allow_system_accounts);
}

Finding argue_uid(const Role &role, std::string_view user, std::optional<unsigned> uid,
                  bool is_by_name)
{
    constexpr std::string_view rule = "allow_system_accounts";
    const std::string who = safe_text(user, 64);
    if (!uid)
        return {rule, Verdict::later, "this host has no user " + who + ", whose UID would tell"};
    if (*uid >= 1000)
        return {rule, Verdict::unset, {}};
    const std::string what = who + ", of UID " + std::to_string(*uid) + ", is ";
    if (takes_uid(role, *uid, is_by_name))
        return {rule, Verdict::met, what + "a system account"};
    return {rule, Verdict::unmet,
            what + (*uid == 0 ? "root, who has all that a role could give"
                    : is_by_name
                        ? "a system account, and those are matched by [users] map alone"
                        : "a system account, and the role does not say allow_system_accounts")};
}

Finding argue_doors(const Role &role, std::string_view account)
{
    constexpr std::string_view rule = "accounts";
    std::vector<std::string_view> own;
    std::vector<std::string_view> of_su;
    for (const std::string_view door : doors_of(role))
        (is_su(door) ? of_su : own).push_back(door);
    const std::string who = safe_text(account, 64);
    const std::string then =
        of_su.empty() ? "" : list(of_su) + " to the accounts that the patterns match";
    if (own.empty())
        return {rule, then.empty() ? Verdict::unset : Verdict::met,
                then.empty() ? "" : "it opens " + then};
    const bool is_open = matches_account(role, account);
    return {rule, is_open ? Verdict::met : Verdict::unmet,
            (is_open
                 ? "it opens " + list(own) + " to " + who
                 : who + " is not among them, so it does not open " + list(own) + " to " + who) +
                (then.empty() ? "" : "; " + then)};
}

} // namespace jit::policy
