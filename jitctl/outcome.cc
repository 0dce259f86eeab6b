#include "jitctl/outcome.h"

#include "jitctl/records.h"
#include "lib/base/text.h"

namespace jit::ctl {

namespace {

// The object for a request that was not granted.
void print_denied(const Output &output, const std::string &id, ipc::Cause cause,
                  std::string_view message)
{
    if (!output.json)
        return;
    const ipc::Json object{json_pack("{s:s?,s:s,s:s,s:s}", "id", id.empty() ? nullptr : id.c_str(),
                                     "state", std::string{name_of(state_of(cause))}.c_str(),
                                     "cause", std::string{name_of(cause)}.c_str(), "message",
                                     safe_text(message, ipc::max_message_bytes).c_str())};
    output.print_json(object.get());
}

Exit exit_of(ipc::State state)
{
    switch (state) {
    case ipc::State::pending_signin:
    case ipc::State::pending_approval:
    case ipc::State::live:
    case ipc::State::ended:
        return Exit::done;
    case ipc::State::denied:
        return Exit::denied;
    case ipc::State::cancelled:
        return Exit::cancelled;
    case ipc::State::timed_out:
        return Exit::timed_out;
    }
    return Exit::failed;
}

} // namespace

Exit finish_granted(const Output &output, const std::string &socket, const ipc::RequestReply &reply)
{
    if (!output.json) {
        const WallTime now = wall_time();
        output.print("granted: " + format_granted(reply.role, reply.until.value_or(now),
                                                  reply.groups.value_or(Row{}), now));
        return Exit::done;
    }
    // The reply tells what a person needs; the record has every member.
    ipc::ListCall call;
    call.id = reply.id;
    const Result<Records> records = ask_records(socket, call);
    if (records.has_value())
        for (const ipc::ListReply &record : records->newest_first)
            if (record.grant) {
                output.print_json(json_of(*record.grant).get());
                return Exit::done;
            }
    // It is granted all the same: print what is known.
    ipc::Json object = ipc::encode_request_reply(reply);
    (void)json_object_set_new(object.get(), "state", json_string("live")); // null prints a fault
    output.print_json(object.get());
    return Exit::done;
}

Exit finish_denied(const Output &output, const ipc::RequestReply &reply)
{
    const ipc::Cause cause = reply.cause.value_or(ipc::Cause::refused);
    const std::string message = reply.message.value_or(std::string{name_of(cause)});
    output.complain(message);
    print_denied(output, reply.id, cause, message);
    return exit_of(cause);
}

Exit finish_cancelled(const Output &output, const std::string &id)
{
    output.complain("cancelled");
    print_denied(output, id, ipc::Cause::cancelled, "cancelled by the user");
    return Exit::cancelled;
}

Exit finish_left(const Output &output, const std::string &id, const std::string &role)
{
    output.tell("role " + role + " goes on waiting for approval; to come back, run the same " +
                "command again here; to look at it: jitctl status " + id);
    if (output.json) {
        const ipc::State state = ipc::State::pending_approval;
        output.print_json(
            ipc::Json{json_pack("{s:s,s:s,s:s}", "id", id.c_str(), "role", role.c_str(), "state",
                                std::string{name_of(state)}.c_str())}
                .get());
    }
    return Exit::done;
}

Exit finish_missed(const Output &output, const ipc::ListReply &record)
{
    const ipc::State state = record.grant ? record.grant->state : record.request->state;
    const std::string &id = record.grant ? record.grant->id : record.request->id;
    if (output.json)
        output.print_json((record.grant ? json_of(*record.grant) : json_of(*record.request)).get());
    if (record.grant && state == ipc::State::live) {
        if (!output.json)
            output.print("granted: " + format_granted(record.grant->role, record.grant->until,
                                                      record.grant->groups, wall_time()));
        return Exit::done;
    }
    const std::string line = "it ended meanwhile (" + std::string{name_of(state)} +
                             "); to look at it: jitctl status " + id;
    if (exit_of(state) == Exit::done) // more time for a grant, or a grant that is over already
        output.tell(line);
    else
        output.complain(line);
    return exit_of(state);
}

} // namespace jit::ctl
