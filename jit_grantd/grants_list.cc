// What the ledger holds, page by page.
#include <algorithm>

#include "jit_grantd/grants.h"

namespace jit::grantd {

Answer<ipc::GrantList> Grants::list(const ipc::GrantListCall &call)
{
    auto ledger = Ledger::read(places_, outside_.disk, &known_);
    if (!ledger)
        return unavailable("cannot read the ledger of grants", ledger.error());
    const Now now = outside_.clocks.now();
    // By id, and not by time or state, which may change between two pages.
    std::vector<const Entry *> rest;
    for (const Entry &entry : ledger->entries())
        if (entry.state != Entry::State::granting && (!call.after || entry.id > *call.after))
            rest.push_back(&entry);
    std::sort(rest.begin(), rest.end(),
              [](const Entry *a, const Entry *b) { return a->id < b->id; });
    ipc::GrantList list;
    std::size_t used = 0;
    for (const Entry *entry : rest) {
        used += wire_bytes(entry->user, entry->role, entry->groups());
        if (used > max_page_bytes) {
            list.next = list.entries.back().id;
            break;
        }
        list.entries.push_back(
            {entry->id, entry->user, entry->role, entry->groups(), entry->since, entry->until,
             entry->state == Entry::State::live && !entry->is_due(now, outside_.boot_id),
             entry->is_ended() ? std::optional{entry->cause} : std::nullopt, entry->ended,
             std::string{name_of(entry->backend)}});
    }
    return list;
}

} // namespace jit::grantd
