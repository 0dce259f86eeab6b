// Which memberships a grant will be made of: by which backend, and which are there already.
#include <algorithm>

#include "jit_grantd/grants.h"
#include "jit_grantd/standing.h"

namespace jit::grantd {

// By whose hand one is there: ours are those that an entry made; an empty file hides whatever we
// would do.
std::optional<Refusal> Grants::find_parts(Books &books, const Checked &checked, Entry &entry)
{
    const auto backend =
        books.memberships.choose(checked.backend, checked.groups.front(), checked.gids.front());
    if (!backend)
        return unavailable("cannot find out how memberships are made here", backend.error());
    entry.backend = *backend;
    Memberships &memberships = books.memberships.of(*backend);
    for (std::size_t i = 0; i < checked.groups.size(); ++i) {
        const std::string &group = checked.groups[i];
        const Memberships::Name name{entry.user, group};
        const auto masked = memberships.is_masked(name);
        const auto presence = memberships.look(name);
        if (!masked || !presence)
            return unavailable("cannot look for a membership of " + entry.user,
                               masked ? presence.error() : masked.error());
        if (*masked || *presence == Memberships::Presence::masked)
            return refuse("the administrator has masked the membership of " + entry.user + " in " +
                          group);
        const auto was_there = is_of_other_hands(books, entry, checked, i, *presence);
        if (!was_there)
            return unavailable("cannot look for a membership of " + entry.user, was_there.error());
        if (!*was_there)
            if (const auto may = memberships.may_make(name); !may)
                return unavailable("cannot make " + entry.user + " a member of " + group,
                                   may.error());
        entry.parts.push_back({group, *was_there});
    }
    return std::nullopt;
}

Result<bool> Grants::is_of_other_hands(const Books &books, const Entry &entry,
                                       const Checked &checked, std::size_t at,
                                       Memberships::Presence presence)
{
    const std::string &group = checked.groups[at];
    const bool is_present = presence == Memberships::Presence::present;
    const auto &entries = books.ledger.entries();
    const auto any = [&](auto test) { return std::any_of(entries.begin(), entries.end(), test); };
    if (entry.backend == Backend::userdb)
        return is_present && !any([&](const Entry &each) {
                   return each.boot_id == outside_.boot_id && each.backend == Backend::userdb &&
                          each.user == entry.user && each.made(group);
               });
    if (any([&](const Entry &each) {
            return may_have_made(each, entry.user, group, outside_.clocks.now().wall);
        }))
        return false;
    // A user's own group, or one of another source: had by right, and nothing is to be made.
    const bool is_ours_elsewhere = any([&](const Entry &each) {
        return !each.is_ended() && each.user == entry.user && each.made(group);
    });
    if (is_present || is_ours_elsewhere)
        return is_present;
    return outside_.accounts.is_member(checked.user, checked.gids[at]);
}

std::vector<Memberships::Name> Grants::names_of(const Entry &entry)
{
    std::vector<Memberships::Name> names;
    for (const Part &part : entry.parts)
        if (!part.was_there)
            names.push_back({entry.user, part.group});
    return names;
}

ipc::GrantReply Grants::reply_of(const Entry &entry)
{
    ipc::GrantReply reply{entry.since, entry.until, entry.groups(), {}};
    if (entry.backend == Backend::etc_group) {
        reply.made.emplace();
        for (const Memberships::Name &name : names_of(entry))
            reply.made->push_back(name.group);
    }
    return reply;
}

// Whether what the entry stands on is there. A right of other hands may come from a source that
// only the name service knows; if that can't tell, it is taken to be there still.
Result<bool> Grants::has_part(Books &books, const Entry &entry, const Part &part)
{
    const Memberships::Name name{entry.user, part.group};
    if (TRY(books.memberships.of(entry.backend).look(name)) == Memberships::Presence::present)
        return true;
    if (entry.backend == Backend::userdb || !part.was_there)
        return false;
    const auto user = outside_.accounts.find_user(entry.user);
    const auto group = outside_.accounts.find_group(part.group);
    if (!user || !group)
        return true;
    return outside_.accounts.is_member(*user, *group).value_or(true);
}

} // namespace jit::grantd
