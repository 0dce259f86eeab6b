#include "jit_grantd/runs.h"

#include <algorithm>
#include <syslog.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/ledger/limits.h"

namespace jit::grantd {

namespace {

constexpr std::string_view scope_start = "jit-run-";
constexpr std::string_view scope_end = ".scope";
constexpr std::size_t id_bytes = 16;
// Processes may be born or die while they are moved: so often is looked again.
constexpr int most_tries = 5;
// How long a program that has closed its session is left to go by itself, with its own status.
constexpr std::chrono::milliseconds to_leave{300};
// The service manager's own deadline is for when we are dead: we come first, and say what we end.
constexpr std::chrono::seconds spare{2};

std::string name_scope(const std::string &id, const std::string &rest)
{
    return std::string{scope_start} + id + "-" + rest + std::string{scope_end};
}

// The grant of a scope; empty: no scope of ours.
std::string_view grant_of(std::string_view scope)
{
    if (!scope.starts_with(scope_start) || !scope.ends_with(scope_end) ||
        scope.size() < scope_start.size() + id_bytes)
        return {};
    const std::string_view id = scope.substr(scope_start.size(), id_bytes);
    return is_id(id) ? id : std::string_view{};
}

void add_once(std::vector<pid_t> &pids, pid_t pid)
{
    if (pid > 1 && pid != getpid() && std::find(pids.begin(), pids.end(), pid) == pids.end())
        pids.push_back(pid);
}

bool holds_any(const Process &process, const std::vector<gid_t> &groups)
{
    return std::any_of(process.groups.begin(), process.groups.end(), [&](gid_t gid) {
        return std::find(groups.begin(), groups.end(), gid) != groups.end();
    });
}

std::string describe_process(const Process &process)
{
    return std::to_string(process.pid) + " " + safe_text(process.name, 48);
}

} // namespace

Result<void> Runs::confine(const Entry &entry, const Process &process, std::chrono::seconds left)
{
    return scopes_.start({name_scope(entry.id, std::to_string(process.pid)),
                          {process.pid},
                          left + spare,
                          *entry.grace});
}

Result<std::vector<std::string>> Runs::scopes_of(const std::string &id)
{
    std::vector<std::string> names = TRY(scopes_.active());
    std::erase_if(names, [&](const std::string &name) { return grant_of(name) != id; });
    return names;
}

Result<std::vector<pid_t>> Runs::find_outsiders(const Entry &entry)
{
    std::vector<pid_t> outsiders;
    for (const Run &run : entry.runs) {
        const auto process = processes_.look(run.pid);
        if (!process || process->start != run.start)
            continue; // over
        const auto unit = scopes_.unit_of(run.pid);
        if (!unit && unit.error().code != Code::not_found)
            return unit.error();
        if (!unit || grant_of(*unit) == entry.id)
            continue;
        // A session that was made for the run began with it; one that it merely stands in is older.
        std::vector<pid_t> members = TRY(scopes_.processes_of(*unit));
        const bool is_its_own = unit->ends_with(scope_end) &&
                                std::all_of(members.begin(), members.end(), [&](pid_t pid) {
                                    const auto member = processes_.look(pid);
                                    return !member || member->start >= run.start;
                                });
        if (!is_its_own)
            members = {run.pid};
        for (const pid_t pid : members)
            add_once(outsiders, pid);
    }
    return outsiders;
}

Result<void> Runs::move(Scopes::Scope scope)
{
    Result<void> done;
    const std::string name = scope.name;
    for (int i = 0; i < most_tries; ++i) {
        std::erase_if(scope.pids, [this](pid_t pid) { return !processes_.look(pid); });
        if (scope.pids.empty())
            return {};
        // A failed one may have left its name behind for a moment.
        if (i > 0)
            scope.name =
                name.substr(0, name.size() - scope_end.size()) + "-" + std::to_string(i) + ".scope";
        done = scopes_.start(scope);
        if (done)
            return {};
    }
    return done;
}

Result<void> Runs::carry_on(const Entry &entry, std::chrono::seconds left)
{
    if (!entry.grace)
        return {};
    const std::string until = std::to_string(entry.until.time_since_epoch().count());
    int number = 0;
    for (const std::string &old : TRY(scopes_of(entry.id)))
        // What is started while the others are moved stays behind, and is moved then.
        for (int i = 0; i < most_tries; ++i) {
            const std::vector<pid_t> pids = TRY(scopes_.processes_of(old));
            if (pids.empty())
                break;
            const std::string rest = until + "-" + std::to_string(++number);
            TRY(move({name_scope(entry.id, rest), pids, left + spare, *entry.grace}));
        }
    const std::vector<pid_t> outsiders = TRY(find_outsiders(entry));
    return move({name_scope(entry.id, until), outsiders, left + spare, *entry.grace});
}

std::string Runs::line_of(pid_t pid)
{
    const auto process = processes_.look(pid);
    return process ? describe_process(*process) : std::string{};
}

Runs::Found Runs::end(const Entry &entry, const std::vector<gid_t> &gone)
{
    Found found;
    const auto note = [&](const Error &error) {
        if (found.done)
            found.done = error;
    };
    std::vector<pid_t> apart; // that are in no scope of ours
    std::vector<pid_t> together;
    std::vector<std::string> scopes;
    // The one session that it was for has been closed, and its program is about to go.
    if (entry.cause == "used")
        for (const Run &run : entry.runs)
            processes_.await_end(run, to_leave);
    if (entry.grace) {
        if (auto names = scopes_of(entry.id))
            scopes = *std::move(names);
        else
            note(names.error());
        for (const std::string &scope : scopes) {
            const auto pids = scopes_.processes_of(scope);
            if (!pids)
                note(pids.error());
            else
                for (const pid_t pid : *pids)
                    add_once(together, pid);
        }
        if (const auto outsiders = find_outsiders(entry))
            apart = *outsiders;
        else
            note(outsiders.error());
    }
    if (!gone.empty()) {
        if (!processes_of_now_) {
            auto processes = processes_.list();
            if (processes)
                processes_of_now_ = *std::move(processes);
            else
                note(processes.error());
        }
        if (processes_of_now_)
            for (const Process &process : *processes_of_now_)
                if (process.is_of(entry.uid) && holds_any(process, gone) &&
                    std::find(together.begin(), together.end(), process.pid) == together.end())
                    add_once(apart, process.pid);
    }
    std::vector<pid_t> all = together;
    all.insert(all.end(), apart.begin(), apart.end());
    for (const pid_t pid : all) {
        std::string line = line_of(pid);
        if (!line.empty() && found.lines.size() < ledger::max_processes_said)
            found.lines.push_back(std::move(line));
    }
    if (!entry.grace)
        return found;
    if (!apart.empty()) {
        const std::string scope = name_scope(entry.id, "end");
        if (const auto moved = move({scope, apart, std::nullopt, *entry.grace}); !moved)
            note(moved.error());
        // It may have another name than it was to have.
        if (auto names = scopes_of(entry.id))
            scopes = *std::move(names);
    }
    for (const std::string &scope : scopes)
        if (const auto stopped = scopes_.stop(scope); !stopped)
            note(stopped.error());
    return found;
}

Result<void> Runs::end_strays(const std::function<bool(std::string_view id)> &is_over)
{
    Result<void> first;
    for (const std::string &scope : TRY(scopes_.active())) {
        const std::string_view id = grant_of(scope);
        if (id.empty() || !is_over(id))
            continue;
        const auto stopped = scopes_.stop(scope);
        if (!stopped && first)
            first = stopped;
        if (stopped)
            records_.log(LOG_WARNING,
                         "stopped " + scope + ": grant " + std::string{id} + " is over");
    }
    return first;
}

} // namespace jit::grantd
