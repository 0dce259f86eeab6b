// A member who was removed from the group file may stand there again: gpasswd(1) reads the file
// before it locks it, and writes back what it has read. So ends are looked after for a while.
#include <algorithm>
#include <syslog.h>

#include "jit_grantd/grants.h"
#include "jit_grantd/standing.h"

namespace jit::grantd {

bool Grants::remove_remnants(Books &books)
{
    const WallTime now = outside_.clocks.now().wall;
    const auto &entries = books.ledger.entries();
    const auto is_needed = [&](const Memberships::Name &name) {
        return std::any_of(entries.begin(), entries.end(), [&](const Entry &each) {
            return each.backend == Backend::etc_group && !each.is_ended() &&
                   each.user == name.user && each.made(name.group);
        });
    };
    bool is_fine = true;
    std::vector<Memberships::Name> found;
    std::optional<Backend> to_flush;
    for (const Entry &entry : entries) {
        if (!has_just_ended(entry, now))
            continue;
        if (!to_flush || *to_flush == Backend::etc_group)
            to_flush = entry.backend;
        if (entry.backend != Backend::etc_group)
            continue;
        for (const Memberships::Name &name : names_of(entry)) {
            if (is_needed(name))
                continue;
            const auto stands = books.memberships.etc_group().is_in_any(name);
            if (!stands) {
                report("cannot look for remnants of grant " + entry.id, stands.error());
                is_fine = false;
            } else if (*stands) {
                found.push_back(name);
            }
        }
    }
    if (!found.empty()) {
        const auto removed = books.memberships.remove(Backend::etc_group, found);
        if (!removed) {
            report("cannot remove members that somebody has written back", removed.error());
            is_fine = false;
        }
        for (const Memberships::Name &name : found)
            if (removed)
                outside_.records.log(LOG_WARNING,
                                     "removed " + name.user + " from " + name.group +
                                         " again: a program that had read /etc/group before the "
                                         "grant's end has written it back");
    }
    // Whoever was asked just then may have told the cache what was true before.
    if (to_flush)
        if (const auto flushed = books.memberships.flush(*to_flush); !flushed)
            report("cannot have the name service's cache forget", flushed.error());
    if (books.memberships.has_used_etc_group())
        books.memberships.etc_group().remove_temporary_files();
    return is_fine;
}

} // namespace jit::grantd
