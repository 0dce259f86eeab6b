// `jitctl status [ID]` and `jitctl list [--all]`.
#include "jitctl/records.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"

namespace jit::ctl {

namespace {

std::string format_grants(const Records &records, WallTime now)
{
    std::vector<Row> rows{{"ID", "STATE", "ROLE", "USER", "GROUPS", "UNTIL", "LEFT"}};
    for (const ipc::ListReply &record : records.newest_first)
        if (const auto &grant = record.grant)
            rows.push_back(
                {grant->id, std::string{name_of(grant->state)}, grant->role, grant->user,
                 join(grant->groups), format_time(grant->until),
                 grant->state == ipc::State::live ? format_left(grant->until - now) : ""});
    return rows.size() > 1 ? format_table(rows) : "";
}

std::string format_requests(const Records &records, WallTime now)
{
    std::vector<Row> rows{{"ID", "STATE", "ROLE", "USER", "GROUPS", "DEADLINE", "LEFT"}};
    for (const ipc::ListReply &record : records.newest_first)
        if (const auto &request = record.request) {
            const bool is_pending = request->state == ipc::State::pending_signin ||
                                    request->state == ipc::State::pending_approval;
            rows.push_back({request->id, std::string{name_of(request->state)}, request->role,
                            request->user, join(request->groups), format_time(request->deadline),
                            is_pending ? format_left(request->deadline - now) : ""});
        }
    return rows.size() > 1 ? format_table(rows) : "";
}

// Both kinds in one table, in jitd's order: newest first.
std::string format_all(const Records &records)
{
    std::vector<Row> rows{{"ID", "STATE", "ROLE", "USER", "GROUPS", "SINCE", "UNTIL", "REASON"}};
    const auto add = [&rows](const auto &record, std::string since, WallTime until) {
        rows.push_back({record.id, std::string{name_of(record.state)}, record.role, record.user,
                        join(record.groups), std::move(since), format_time(until),
                        record.reason.value_or("")});
    };
    for (const ipc::ListReply &record : records.newest_first) {
        if (record.grant)
            add(*record.grant, format_time(record.grant->since), record.grant->until);
        else
            add(*record.request, "", record.request->deadline);
    }
    return format_table(rows);
}

// Cells are safe already; the lines stay as they are.
void print_table(const Output &output, const std::string &table)
{
    (void)std::fputs(table.c_str(), output.out); // main() looks at the stream
}

} // namespace

Exit status(const Command &command, const Output &output, const std::string &socket)
{
    ipc::ListCall call;
    call.id = command.id;
    const Result<Records> records = ask_records(socket, call);
    if (!records.has_value())
        return report(output, records.error());
    if (records->refusal)
        return report(output, *records->refusal);
    const bool is_empty = records->newest_first.empty();
    if (is_empty && command.id)
        return report(output, Error{Code::not_found, "no grant or request of yours has this id"});
    if (output.json) {
        output.print_json(json_of(*records).get());
        return Exit::done;
    }
    if (is_empty) {
        output.print("nothing live, nothing pending");
        return Exit::done;
    }
    const WallTime now = wall_time();
    const std::string grants = format_grants(*records, now);
    const std::string requests = format_requests(*records, now);
    print_table(output, grants);
    if (!grants.empty() && !requests.empty())
        output.print("");
    print_table(output, requests);
    return Exit::done;
}

Exit list(const Command &command, const Output &output, const std::string &socket)
{
    ipc::ListCall call;
    call.all = command.all;
    call.ended = command.all;
    const Result<Records> records = ask_records(socket, call);
    if (!records.has_value())
        return report(output, records.error());
    if (records->refusal)
        return report(output, *records->refusal);
    if (output.json)
        output.print_json(json_of(*records).get());
    else if (records->newest_first.empty())
        output.print("nothing to show");
    else
        print_table(output, format_all(*records));
    return Exit::done;
}

} // namespace jit::ctl
