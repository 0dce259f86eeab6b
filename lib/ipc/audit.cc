#include "lib/ipc/audit.h"

#include <cstddef>

#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_event_bytes = 32;
constexpr std::size_t max_hash_bytes = 64;
constexpr std::size_t max_record_bytes = std::size_t{16} * 1024;

} // namespace

Result<AuditCall> decode_audit_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    AuditCall call;
    call.after = reader.maybe_number("after", 0, INT64_MAX).value_or(0);
    call.since = reader.maybe_time("since");
    call.user = reader.maybe_name("user");
    call.role = reader.maybe_name("role");
    call.event = reader.maybe_text("event", max_event_bytes);
    TRY(reader.finish());
    return call;
}

Json encode_audit_call(const AuditCall &call)
{
    MemberWriter writer;
    if (call.after > 0)
        writer.number("after", call.after);
    writer.maybe_time("since", call.since);
    writer.maybe_text("user", call.user);
    writer.maybe_text("role", call.role);
    writer.maybe_text("event", call.event);
    return writer.take();
}

Result<AuditReply> decode_audit_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    AuditReply reply;
    const auto seq = reader.maybe_number("seq", 1, INT64_MAX);
    const auto hash = reader.maybe_text("hash", max_hash_bytes);
    const auto record = reader.maybe_text("record", max_record_bytes);
    if (seq.has_value() != hash.has_value() || seq.has_value() != record.has_value())
        reader.refuse("a record without a number, a hash or a text");
    reply.seq = seq.value_or(0);
    reply.hash = hash.value_or("");
    reply.record = record.value_or("");
    reply.next = reader.maybe_number("next", 1, INT64_MAX);
    TRY(reader.finish());
    return reply;
}

Json encode_audit_reply(const AuditReply &reply)
{
    MemberWriter writer;
    if (reply.seq > 0) {
        writer.number("seq", reply.seq);
        writer.text("hash", reply.hash);
        writer.text("record", reply.record);
    }
    writer.maybe_number("next", reply.next);
    return writer.take();
}

} // namespace jit::ipc
