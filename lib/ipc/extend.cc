#include "lib/ipc/extend.h"

#include <limits>

#include "lib/ipc/elevation.h"
#include "lib/ipc/members.h"

namespace jit::ipc {

Result<ExtendCall> decode_extend_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    ExtendCall call;
    call.id = reader.maybe_id("id");
    call.role = reader.maybe_name("role");
    call.duration = reader.maybe_duration("duration");
    call.reason = reader.maybe_text("reason", max_reason_bytes);
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    call.session = reader.maybe_number("session", 0, std::numeric_limits<std::uint32_t>::max());
    if (call.id.has_value() == call.role.has_value())
        reader.refuse("exactly one of id and role is needed");
    TRY(reader.finish());
    return call;
}

Json encode_extend_call(const ExtendCall &call)
{
    MemberWriter writer;
    writer.maybe_text("id", call.id);
    writer.maybe_text("role", call.role);
    writer.maybe_duration("duration", call.duration);
    writer.maybe_text("reason", call.reason);
    writer.maybe_text("tty", call.tty);
    writer.maybe_number("session", call.session);
    return writer.take();
}

} // namespace jit::ipc
