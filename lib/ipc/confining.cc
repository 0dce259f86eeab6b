#include "lib/ipc/confining.h"

#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::int64_t first_pid = 2; // 1 is the service manager
constexpr std::int64_t last_pid = std::int64_t{1} << 22;

// Both replies are of one form.
Result<std::optional<std::chrono::seconds>> decode_left(const json_t *parameters)
{
    MemberReader reader{parameters};
    const auto left = reader.maybe_duration("left");
    TRY(reader.finish());
    return left;
}

Json encode_left(const std::optional<std::chrono::seconds> &left)
{
    MemberWriter writer;
    writer.maybe_duration("left", left);
    return writer.take();
}

} // namespace

Result<ConfineCall> decode_confine_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    ConfineCall call;
    call.id = reader.id("id");
    call.pid = static_cast<pid_t>(reader.number("pid", first_pid, last_pid));
    TRY(reader.finish());
    return call;
}

Result<ConfineReply> decode_confine_reply(const json_t *parameters)
{
    return ConfineReply{TRY(decode_left(parameters))};
}

Result<WarnCall> decode_warn_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    WarnCall call{reader.id("id")};
    TRY(reader.finish());
    return call;
}

Result<SessionReply> decode_session_reply(const json_t *parameters)
{
    return SessionReply{TRY(decode_left(parameters))};
}

Json encode(const ConfineCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    writer.number("pid", call.pid);
    return writer.take();
}

Json encode(const ConfineReply &reply)
{
    return encode_left(reply.left);
}

Json encode(const WarnCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    return writer.take();
}

Json encode(const SessionReply &reply)
{
    return encode_left(reply.left);
}

} // namespace jit::ipc
