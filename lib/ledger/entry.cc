#include "lib/ledger/entry.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "lib/base/text.h"
#include "lib/ipc/granting.h"
#include "lib/ipc/members.h"
#include "lib/ipc/message.h"
#include "lib/ledger/limits.h"

namespace jit::ledger {

namespace {

constexpr std::int64_t max_boot_us = std::int64_t{1} << 62;

constexpr std::string_view state_names[] = {"granting", "live", "ended"};

bool is_state(std::string_view text)
{
    return std::find(std::begin(state_names), std::end(state_names), text) != std::end(state_names);
}

Entry::State state_of(std::string_view name)
{
    return name == "granting" ? Entry::State::granting
           : name == "live"   ? Entry::State::live
                              : Entry::State::ended;
}

constexpr std::string_view backend_names[] = {"userdb", "etc-group"};

bool is_backend(std::string_view text)
{
    return std::find(std::begin(backend_names), std::end(backend_names), text) !=
           std::end(backend_names);
}

std::int64_t to_us(BootTime time)
{
    return time.time_since_epoch().count();
}

BootTime from_us(std::int64_t us)
{
    return BootTime{BootTime::duration{us}};
}

constexpr std::size_t max_run_bytes = 32;

// "PID START" each.
std::vector<std::string> encode_runs(const std::vector<Run> &runs)
{
    std::vector<std::string> texts;
    texts.reserve(runs.size());
    for (const Run &run : runs)
        texts.push_back(std::to_string(run.pid) + " " + std::to_string(run.start));
    return texts;
}

Result<std::vector<Run>> decode_runs(const std::vector<std::string> &texts)
{
    std::vector<Run> runs;
    for (const std::string &text : texts) {
        Run run;
        const char *const end = text.data() + text.size();
        const auto pid = std::from_chars(text.data(), end, run.pid);
        if (pid.ec != std::errc{} || run.pid < 2 || pid.ptr == end || *pid.ptr != ' ')
            return Error{Code::bad_input, "a run of a ledger entry is no pid and start"};
        const auto start = std::from_chars(pid.ptr + 1, end, run.start);
        if (start.ec != std::errc{} || start.ptr != end)
            return Error{Code::bad_input, "a run of a ledger entry is no pid and start"};
        runs.push_back(run);
    }
    return runs;
}

} // namespace

std::string_view name_of(Backend backend)
{
    return backend_names[static_cast<std::size_t>(backend)];
}

bool Entry::is_due(const Now &now, std::string_view boot) const
{
    return boot_id != boot || now.wall >= until || now.boot >= until_boot;
}

bool Entry::has_group(std::string_view group) const
{
    return std::any_of(parts.begin(), parts.end(),
                       [&](const Part &part) { return part.group == group; });
}

bool Entry::made(std::string_view group) const
{
    return std::any_of(parts.begin(), parts.end(),
                       [&](const Part &part) { return part.group == group && !part.was_there; });
}

std::vector<std::string> Entry::groups() const
{
    std::vector<std::string> names;
    for (const Part &part : parts)
        names.push_back(part.group);
    return names;
}

std::size_t count_exact(const std::vector<Entry> &entries, WallTime until)
{
    return static_cast<std::size_t>(
        std::count_if(entries.begin(), entries.end(), [&](const Entry &entry) {
            return !entry.is_ended() && entry.until == until && entry.timer_late.count() == 0;
        }));
}

std::size_t wire_bytes(std::string_view user, std::string_view role,
                       const std::vector<std::string> &groups)
{
    constexpr std::size_t members = 232; // keys, id, three times, the longest cause, a comma
    std::size_t bytes = members + user.size() + role.size();
    for (const std::string &group : groups)
        bytes += group.size() + 3;
    return bytes;
}

std::string file_of(const std::string &id)
{
    return id + ".json";
}

Result<std::string> encode_entry(const Entry &entry)
{
    std::vector<std::string> there;
    for (const Part &part : entry.parts)
        if (part.was_there)
            there.push_back(part.group);
    ipc::MemberWriter writer;
    writer.text("id", entry.id);
    writer.text("user", entry.user);
    writer.number("uid", entry.uid);
    writer.text("role", entry.role);
    writer.texts("groups", entry.groups());
    writer.texts("were_there", there);
    if (entry.backend != Backend::userdb) // which entries of before had no word for
        writer.text("backend", name_of(entry.backend));
    writer.text("oid", entry.oid);
    writer.text("policy", entry.policy);
    writer.time("since", entry.since);
    writer.time("until", entry.until);
    writer.text("boot_id", entry.boot_id);
    writer.number("since_boot_us", to_us(entry.since_boot));
    writer.number("until_boot_us", to_us(entry.until_boot));
    writer.text("state", state_names[static_cast<std::size_t>(entry.state)]);
    if (entry.is_ended())
        writer.text("cause", entry.cause);
    writer.maybe_time("ended", entry.ended);
    if (entry.is_used)
        writer.flag("used", true);
    if (entry.is_extended)
        writer.flag("extended", true);
    if (entry.timer_late.count() > 0)
        writer.number("timer_late", entry.timer_late.count());
    if (entry.owes_record)
        writer.flag("owes_record", true);
    writer.maybe_duration("grace", entry.grace);
    if (!entry.runs.empty())
        writer.texts("runs", encode_runs(entry.runs));
    if (entry.owes_end)
        writer.flag("owes_end", true);
    if (!entry.processes.empty())
        writer.texts("processes", entry.processes);
    const ipc::Json object = writer.take();
    const std::unique_ptr<char, decltype(&std::free)> text{json_dumps(object.get(), JSON_COMPACT),
                                                           &std::free};
    if (!text)
        return Error{Code::internal, "no memory for a ledger entry"};
    return std::string{text.get()} + "\n";
}

Result<Entry> decode_entry(std::string_view text)
{
    const ipc::Json object = TRY(ipc::decode_object(text));
    ipc::MemberReader reader{object.get()};
    Entry entry;
    entry.id = reader.id("id");
    entry.user = reader.name("user");
    entry.uid = static_cast<uid_t>(reader.number("uid", 1, 0xFFFFFFFE));
    entry.role = reader.name("role");
    const auto groups = reader.texts("groups", max_groups_of_role, 64, is_name);
    const auto there = reader.texts("were_there", max_groups_of_role, 64, is_name);
    if (reader.maybe_text("backend", 16, is_backend) == name_of(Backend::etc_group))
        entry.backend = Backend::etc_group;
    entry.oid = reader.text("oid", 255, ipc::is_person_id);
    entry.policy = reader.text("policy", 64, ipc::is_digest);
    entry.since = reader.time("since");
    entry.until = reader.time("until");
    entry.boot_id = reader.text("boot_id", 36, is_guid);
    entry.since_boot = from_us(reader.number("since_boot_us", 0, max_boot_us));
    entry.until_boot = from_us(reader.number("until_boot_us", 0, max_boot_us));
    entry.state = state_of(reader.text("state", 16, is_state));
    entry.cause = reader.maybe_text("cause", 64).value_or("");
    entry.ended = reader.maybe_time("ended");
    entry.is_used = reader.maybe_flag("used");
    entry.is_extended = reader.maybe_flag("extended");
    entry.timer_late = std::chrono::seconds{
        reader.maybe_number("timer_late", 1, max_timer_late.count()).value_or(0)};
    entry.owes_record = reader.maybe_flag("owes_record");
    entry.grace = reader.maybe_duration("grace");
    entry.owes_end = reader.maybe_flag("owes_end");
    const auto runs = reader.maybe_texts("runs", max_runs, max_run_bytes);
    entry.processes = reader.maybe_texts("processes", max_processes_said, max_process_bytes)
                          .value_or(std::vector<std::string>{});
    TRY(reader.finish());
    entry.runs = TRY(decode_runs(runs.value_or(std::vector<std::string>{})));
    for (const std::string &group : groups) {
        const bool was_there = std::find(there.begin(), there.end(), group) != there.end();
        entry.parts.push_back({group, was_there});
    }
    if (entry.parts.empty() || entry.is_ended() != entry.ended.has_value() ||
        (entry.owes_record && entry.state == Entry::State::granting) ||
        (entry.owes_end && !entry.is_ended()))
        return Error{Code::bad_input, "a ledger entry contradicts itself"};
    return entry;
}

} // namespace jit::ledger
