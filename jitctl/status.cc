// `jitctl status [ID]` and `jitctl list [--all]`.
#include "jitctl/leftovers.h"
#include "jitctl/records.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "lib/ipc/health.h"

namespace jit::ctl {

namespace {

// As a shared account, with who it is.
std::string user_of(const ipc::GrantRecord &grant)
{
    return grant.person ? grant.user + " (" + *grant.person + ")" : grant.user;
}
std::string user_of(const ipc::RequestRecord &request)
{
    return request.user;
}

std::string format_grants(const Records &records, WallTime now)
{
    std::vector<Row> rows{{"ID", "STATE", "ROLE", "USER", "GROUPS", "UNTIL", "LEFT"}};
    for (const ipc::ListReply &record : records.newest_first)
        if (const auto &grant = record.grant)
            rows.push_back(
                {grant->id, std::string{name_of(grant->state)}, grant->role, user_of(*grant),
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

// Both kinds in one table, newest first.
std::string format_all(const Records &records)
{
    std::vector<Row> rows{{"ID", "STATE", "ROLE", "USER", "GROUPS", "SINCE", "UNTIL", "REASON"}};
    const auto add = [&rows](const auto &record, std::string since, WallTime until) {
        rows.push_back({record.id, std::string{name_of(record.state)}, record.role, user_of(record),
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

// Who has said yes so far to what still waits for others.
void print_approvers(const Output &output, const Records &records)
{
    for (const ipc::ListReply &record : records.newest_first)
        if (const auto &request = record.request;
            request && request->state == ipc::State::pending_approval)
            output.print(request->id + ": approved so far by " +
                         (request->approvers.empty() ? "nobody" : join(request->approvers)));
}

// Cells are safe already; the lines stay as they are.
void print_table(const Output &output, const std::string &table)
{
    (void)std::fputs(table.c_str(), output.out); // main() looks at the stream
}

// Absent: jitd has just answered, and could not once more. What was asked for is shown all the
// same.
std::optional<ipc::HealthReply> ask_health(const std::string &socket)
{
    const auto reply = ask(socket, ipc::method::health, {}, answer_within);
    if (!reply || !reply->error.empty())
        return std::nullopt;
    const auto health = ipc::decode_health_reply(reply->parameters.get());
    return health ? std::optional{*health} : std::nullopt;
}

// Says what is wrong with root's files, if anything.
Exit report_health(const Output &output, const std::optional<ipc::HealthReply> &health)
{
    if (!health || (health->is_configured && health->policy == ipc::PolicyInForce::current))
        return Exit::done;
    const char *what = "the policy files have an error, and the last good set counts: ";
    if (!health->is_configured)
        what = "jitd denies everything, its configuration has an error: ";
    else if (health->policy == ipc::PolicyInForce::none)
        what = "nothing is granted, there is no policy without error: ";
    output.complain(what + health->fault.value_or("see `jitctl policy check`"));
    return Exit::usage;
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
    const std::optional<ipc::HealthReply> health = command.id ? std::nullopt : ask_health(socket);
    const bool is_empty = records->newest_first.empty();
    if (is_empty && command.id)
        return report(output, Error{Code::not_found, "no grant or request of yours has this id"});
    if (output.json) {
        ipc::Json object = json_of(*records);
        if (health)
            (void)json_object_set_new( // a null value makes the whole object null, which is told
                object.get(), "health", ipc::encode_health_reply(*health).release());
        output.print_json(object.get());
        return report_health(output, health);
    }
    if (is_empty) {
        output.print("nothing live, nothing pending");
        return report_health(output, health);
    }
    const WallTime now = wall_time();
    const std::string grants = format_grants(*records, now);
    const std::string requests = format_requests(*records, now);
    print_table(output, grants);
    if (!grants.empty() && !requests.empty())
        output.print("");
    print_table(output, requests);
    print_approvers(output, *records);
    for (const ipc::ListReply &record : records->newest_first)
        if (record.grant && record.grant->leftovers)
            for (const std::string &line : format_leftovers(*record.grant->leftovers))
                output.print(line);
    return report_health(output, health);
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
    if (output.json) {
        output.print_json(json_of(*records).get());
    } else if (records->newest_first.empty()) {
        output.print("nothing to show");
    } else {
        print_table(output, format_all(*records));
        print_approvers(output, *records);
    }
    return Exit::done;
}

} // namespace jit::ctl
