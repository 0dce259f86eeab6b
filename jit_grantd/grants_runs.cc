// What runs under a grant, as far as the ledger knows of it.
#include <algorithm>

#include "jit_grantd/grants.h"
#include "lib/ledger/limits.h"

namespace jit::grantd {

namespace {

using std::chrono::seconds;

Refusal not_live(const std::string &id)
{
    return {Refusal::Kind::not_found, "there is no live grant " + id};
}

} // namespace

Answer<ipc::ConfineReply> Grants::confine(const ipc::ConfineCall &call)
{
    auto books = open_books();
    if (!books)
        return unavailable("cannot open the ledger of grants", books.error());
    const Entry *const found = books->ledger.find(call.id);
    const Now now = outside_.clocks.now();
    if (found == nullptr || found->state != Entry::State::live ||
        found->is_due(now, outside_.boot_id))
        return not_live(call.id);
    if (!found->grace)
        return ipc::ConfineReply{};
    const Entry old = *found;
    const auto process = outside_.processes.look(call.pid);
    if (!process)
        return unavailable("cannot look at process " + std::to_string(call.pid), process.error());
    // sudo, su and their like keep the uid of who called them as their real one.
    if (process->real != old.uid)
        return refuse("process " + std::to_string(call.pid) + " is not of " + old.user);
    const auto left = std::min<BootTime::duration>(old.until - now.wall, old.until_boot - now.boot);
    const ipc::ConfineReply reply{std::max(std::chrono::floor<seconds>(left), seconds{1})};

    Entry noted = old;
    if (noted.runs.size() >= ledger::max_runs)
        std::erase_if(noted.runs, [this](const Run &run) {
            const auto known = outside_.processes.look(run.pid);
            return !known || known->start != run.start;
        });
    if (noted.runs.size() < ledger::max_runs)
        noted.runs.push_back({process->pid, process->start});
    // Where the ledger can't take it, the scope is better than nothing: it ends by itself.
    const auto stored = books->ledger.store(noted);
    if (!stored)
        report("cannot note a session of grant " + call.id, stored.error());
    if (const auto done = runs_.confine(noted, *process, *reply.left); !done) {
        if (const auto back = stored ? books->ledger.store(old) : Result<void>{}; !back)
            report("a session of grant " + call.id + " is noted in vain", back.error());
        return unavailable("cannot have a session end with grant " + call.id, done.error());
    }
    return reply;
}

Answer<ipc::EndReply> Grants::warn(const ipc::WarnCall &call)
{
    const auto ledger = Ledger::read(places_, outside_.disk, &known_);
    if (!ledger)
        return unavailable("cannot read the ledger of grants", ledger.error());
    const Entry *const entry = ledger->find(call.id);
    if (entry == nullptr || entry->state != Entry::State::live)
        return not_live(call.id);
    if (const auto told = outside_.scopes.tell(call.id); !told)
        return unavailable("cannot warn " + entry->user, told.error());
    return ipc::EndReply{};
}

std::vector<gid_t> Grants::groups_gone(const Books &books, const Entry &entry, const Now &now)
{
    std::vector<gid_t> gone;
    for (const Part &part : entry.parts) {
        if (part.was_there || is_shared(books, entry, part.group, now))
            continue;
        // A group that is no longer there has no members either.
        if (const auto gid = outside_.accounts.find_group(part.group))
            gone.push_back(*gid);
    }
    return gone;
}

void Grants::end_runs(Books &books, Entry &entry)
{
    entry.owes_end = false;
    // Of an earlier boot nothing runs.
    if (entry.boot_id != outside_.boot_id)
        return;
    Runs::Found found = runs_.end(entry, groups_gone(books, entry, outside_.clocks.now()));
    if (!found.lines.empty())
        entry.processes = std::move(found.lines);
    if (!found.done)
        report("cannot end all that runs under grant " + entry.id, found.done.error());
    entry.owes_end = entry.grace && !found.done;
    if (!entry.owes_end)
        entry.runs.clear();
}

// Scopes whose grant is over: after a crash in the midst of an end.
bool Grants::end_strays(Books &books)
{
    const auto done = runs_.end_strays([&](std::string_view id) {
        const Entry *const entry = books.ledger.find(std::string{id});
        return entry ? entry->is_ended() : books.ledger.damaged().empty();
    });
    if (!done)
        report("cannot end what runs under grants that are over", done.error());
    bool is_fine = done.has_value();
    runs_.look_anew();
    const std::vector<Entry> entries = books.ledger.entries();
    for (Entry entry : entries) {
        if (!entry.owes_end)
            continue;
        end_runs(books, entry);
        const auto stored = books.ledger.store(entry);
        if (!stored)
            report("what runs under grant " + entry.id + " may be ended again", stored.error());
        is_fine = is_fine && !entry.owes_end && stored;
    }
    return is_fine;
}

// Who is not told otherwise: his rights were taken, or his programs end.
void Grants::tell_user(const Entry &entry)
{
    const bool is_taken = entry.cause == "revoked" || entry.cause == "policy";
    if (!is_taken && (!entry.grace || entry.processes.empty()))
        return;
    if (const auto told = outside_.scopes.tell(entry.id); !told)
        report("cannot tell " + entry.user + " of the end of grant " + entry.id, told.error());
}

} // namespace jit::grantd
