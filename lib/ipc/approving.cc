#include "lib/ipc/approving.h"

#include "lib/ipc/elevation.h"
#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_approvers = 64;
constexpr std::size_t max_oid_bytes = 255;
constexpr std::size_t max_description_bytes = 256;
constexpr std::int64_t max_needed = 64;

Result<PendingRecord> decode_pending(const json_t *object)
{
    MemberReader reader{object};
    PendingRecord record;
    record.id = reader.id("id");
    record.role = reader.name("role");
    record.description = reader.maybe_empty_text("description", max_description_bytes);
    record.user = reader.name("user");
    record.person = reader.maybe_text("person", max_oid_bytes);
    record.host = reader.text("host", max_host_bytes);
    record.service = reader.maybe_text("service", max_service_bytes);
    record.tty = reader.maybe_text("tty", max_tty_bytes);
    record.rhost = reader.maybe_text("rhost", max_rhost_bytes);
    record.command = reader.maybe_text("command", max_command_bytes);
    record.duration = reader.duration("duration");
    record.extends = reader.maybe_id("extends");
    record.reason = reader.maybe_text("reason", max_reason_bytes);
    record.deadline = reader.time("deadline");
    record.approvers = reader.texts("approvers", max_approvers, max_oid_bytes);
    record.needed = static_cast<unsigned>(reader.number("needed", 1, max_needed));
    TRY(reader.finish());
    return record;
}

} // namespace

Result<PendingCall> decode_pending_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    PendingCall call;
    call.id = reader.maybe_id("id");
    call.after = reader.maybe_id("after");
    TRY(reader.finish());
    return call;
}

Json encode_pending_call(const PendingCall &call)
{
    MemberWriter writer;
    writer.maybe_text("id", call.id);
    writer.maybe_text("after", call.after);
    return writer.take();
}

Result<PendingReply> decode_pending_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    PendingReply reply;
    const json_t *const request = reader.maybe_object("request");
    reply.next = reader.maybe_id("next");
    TRY(reader.finish());
    if (request != nullptr)
        reply.request = TRY(decode_pending(request));
    return reply;
}

Json encode_pending(const PendingRecord &record)
{
    MemberWriter writer;
    writer.text("id", record.id);
    writer.text("role", record.role);
    writer.text("description", record.description);
    writer.text("user", record.user);
    writer.maybe_text("person", record.person);
    writer.text("host", record.host);
    writer.maybe_text("service", record.service);
    writer.maybe_text("tty", record.tty);
    writer.maybe_text("rhost", record.rhost);
    writer.maybe_text("command", record.command);
    writer.duration("duration", record.duration);
    writer.maybe_text("extends", record.extends);
    writer.maybe_text("reason", record.reason);
    writer.time("deadline", record.deadline);
    writer.texts("approvers", record.approvers);
    writer.number("needed", record.needed);
    return writer.take();
}

Json encode_pending_reply(const PendingReply &reply)
{
    MemberWriter writer;
    if (reply.request)
        writer.value("request", encode_pending(*reply.request));
    writer.maybe_text("next", reply.next);
    return writer.take();
}

Result<ApproveCall> decode_approve_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    ApproveCall call;
    call.id = reader.id("id");
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    TRY(reader.finish());
    return call;
}

Json encode_approve_call(const ApproveCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    writer.maybe_text("tty", call.tty);
    return writer.take();
}

Result<DenyCall> decode_deny_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    DenyCall call;
    call.id = reader.id("id");
    call.reason = reader.text("reason", max_reason_bytes);
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    TRY(reader.finish());
    return call;
}

Json encode_deny_call(const DenyCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    writer.text("reason", call.reason);
    writer.maybe_text("tty", call.tty);
    return writer.take();
}

} // namespace jit::ipc
