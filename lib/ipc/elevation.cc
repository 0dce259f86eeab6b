// Check, Request, Cancel, and the sessions. The lists are in elevation_lists.cc.
#include "lib/ipc/elevation.h"

#include <limits>
#include <utility>

#include "lib/base/text.h"
#include "lib/ipc/members.h"
#include "lib/ipc/qr_picture.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_account_names = 16;
constexpr std::size_t max_roles = 64;
constexpr std::size_t max_groups = 64;
constexpr std::size_t max_uri_bytes = 2048;
constexpr std::size_t max_code_bytes = 64;
constexpr std::size_t max_word_bytes = 32;
constexpr std::uint32_t max_gid = std::numeric_limits<std::uint32_t>::max() - 1; // -1 is none
constexpr std::size_t max_problem_bytes = 128;

bool is_word_missing(MemberReader &reader, bool is_known)
{
    if (!is_known)
        reader.refuse("a word is not one of the protocol's");
    return !is_known;
}

SessionCall read_session(MemberReader &reader)
{
    SessionCall call;
    call.grant = reader.maybe_id("grant");
    call.connection = reader.maybe_text("connection", max_connection_bytes);
    if (call.grant.has_value() == call.connection.has_value())
        reader.refuse("expected a grant or a connection");
    call.requester = reader.name("requester");
    call.account = reader.text("account", max_account_bytes);
    call.service = reader.text("service", max_service_bytes);
    return call;
}

MemberWriter write_session(const SessionCall &call)
{
    MemberWriter writer;
    writer.maybe_text("grant", call.grant);
    writer.maybe_text("connection", call.connection);
    writer.text("requester", call.requester);
    writer.text("account", call.account);
    writer.text("service", call.service);
    return writer;
}

} // namespace

Result<CheckCall> decode_check_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    CheckCall call;
    call.problem = reader.maybe_text("problem", max_problem_bytes);
    call.requester =
        call.problem ? reader.text("requester", max_account_bytes) : reader.name("requester");
    call.account = reader.text("account", max_account_bytes);
    call.account_names = reader.texts("account_names", max_account_names, max_account_bytes);
    call.service = reader.text("service", max_service_bytes);
    const std::optional<Phase> phase = parse_phase(reader.text("phase", max_word_bytes));
    call.role = reader.maybe_name("role");
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    call.rhost = reader.maybe_text("rhost", max_rhost_bytes);
    call.command = reader.maybe_text("command", max_command_bytes);
    call.connection = reader.maybe_text("connection", max_connection_bytes);
    call.proof = reader.maybe_text("proof", max_proof_bytes);
    call.unproven = reader.maybe_flag("unproven");
    call.observe = reader.maybe_flag("observe");
    if (!is_word_missing(reader, phase.has_value()))
        call.phase = *phase;
    TRY(reader.finish());
    return call;
}

Json encode_check_call(const CheckCall &call)
{
    MemberWriter writer;
    writer.text("requester", call.requester);
    writer.text("account", call.account);
    writer.texts("account_names", call.account_names);
    writer.text("service", call.service);
    writer.text("phase", name_of(call.phase));
    writer.maybe_text("role", call.role);
    writer.maybe_text("tty", call.tty);
    writer.maybe_text("rhost", call.rhost);
    writer.maybe_text("command", call.command);
    writer.maybe_text("connection", call.connection);
    writer.maybe_text("proof", call.proof);
    writer.maybe_text("problem", call.problem);
    if (call.unproven)
        writer.flag("unproven", true);
    if (call.observe)
        writer.flag("observe", true);
    return writer.take();
}

Result<CheckReply> decode_check_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    CheckReply reply;
    const std::optional<Verdict> verdict = parse_verdict(reader.text("verdict", max_word_bytes));
    reply.role = reader.maybe_name("role");
    reply.roles = reader.maybe_texts("roles", max_roles, 64, &is_name);
    reply.grant = reader.maybe_id("grant");
    reply.until = reader.maybe_time("until");
    reply.confine = reader.maybe_flag("confine");
    reply.carry = reader.maybe_numbers("carry", max_carried_groups, 1, max_gid);
    reply.is_granted = reader.maybe_flag("granted");
    reply.message = reader.maybe_text("message", max_message_bytes);
    if (!is_word_missing(reader, verdict.has_value()))
        reply.verdict = *verdict;
    TRY(reader.finish());
    return reply;
}

Json encode_check_reply(const CheckReply &reply)
{
    MemberWriter writer;
    writer.text("verdict", name_of(reply.verdict));
    writer.maybe_text("role", reply.role);
    writer.maybe_texts("roles", reply.roles);
    writer.maybe_text("grant", reply.grant);
    writer.maybe_time("until", reply.until);
    if (reply.confine)
        writer.flag("confine", true);
    if (!reply.carry.empty())
        writer.numbers("carry", reply.carry);
    if (reply.is_granted)
        writer.flag("granted", true);
    writer.maybe_text("message", reply.message);
    return writer.take();
}

Result<RequestCall> decode_request_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    RequestCall call;
    call.role = reader.name("role");
    call.user = reader.maybe_name("user");
    call.duration = reader.maybe_duration("duration");
    call.reason = reader.maybe_text("reason", max_reason_bytes);
    call.service = reader.maybe_text("service", max_service_bytes);
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    call.session = reader.maybe_number("session", 0, std::numeric_limits<std::uint32_t>::max());
    call.rhost = reader.maybe_text("rhost", max_rhost_bytes);
    call.command = reader.maybe_text("command", max_command_bytes);
    call.timeout = reader.maybe_duration("timeout");
    call.connection = reader.maybe_text("connection", max_connection_bytes);
    call.proof = reader.maybe_text("proof", max_proof_bytes);
    call.unproven = reader.maybe_flag("unproven");
    TRY(reader.finish());
    return call;
}

Json encode_request_call(const RequestCall &call)
{
    MemberWriter writer;
    writer.text("role", call.role);
    writer.maybe_text("user", call.user);
    writer.maybe_duration("duration", call.duration);
    writer.maybe_text("reason", call.reason);
    writer.maybe_text("service", call.service);
    writer.maybe_text("tty", call.tty);
    writer.maybe_number("session", call.session);
    writer.maybe_text("rhost", call.rhost);
    writer.maybe_text("command", call.command);
    writer.maybe_duration("timeout", call.timeout);
    writer.maybe_text("connection", call.connection);
    writer.maybe_text("proof", call.proof);
    if (call.unproven)
        writer.flag("unproven", true);
    return writer.take();
}

Result<RequestReply> decode_request_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    RequestReply reply;
    const std::optional<Progress> state = parse_progress(reader.text("state", max_word_bytes));
    reply.id = reader.id("id");
    reply.role = reader.name("role");
    reply.host = reader.maybe_text("host", max_host_bytes);
    reply.duration = reader.maybe_duration("duration");
    reply.uri = reader.maybe_text("uri", max_uri_bytes);
    reply.qr = reader.maybe_text("qr", max_qr_bytes);
    reply.code = reader.maybe_text("code", max_code_bytes);
    reply.expires = reader.maybe_duration("expires");
    reply.until = reader.maybe_time("until");
    reply.groups = reader.maybe_texts("groups", max_groups, 64, &is_name);
    reply.confine = reader.maybe_flag("confine");
    if (const auto cause = reader.maybe_text("cause", max_word_bytes)) {
        reply.cause = parse_cause(*cause);
        (void)is_word_missing(reader, reply.cause.has_value()); // finish() tells
    }
    reply.message = reader.maybe_text("message", max_message_bytes);
    if (!is_word_missing(reader, state.has_value()))
        reply.state = *state;
    TRY(reader.finish());
    return reply;
}

Json encode_request_reply(const RequestReply &reply)
{
    MemberWriter writer;
    writer.text("state", name_of(reply.state));
    writer.text("id", reply.id);
    writer.text("role", reply.role);
    writer.maybe_text("host", reply.host);
    writer.maybe_duration("duration", reply.duration);
    writer.maybe_text("uri", reply.uri);
    writer.maybe_text("qr", reply.qr);
    writer.maybe_text("code", reply.code);
    writer.maybe_duration("expires", reply.expires);
    writer.maybe_time("until", reply.until);
    writer.maybe_texts("groups", reply.groups);
    if (reply.confine)
        writer.flag("confine", true);
    if (reply.cause)
        writer.text("cause", name_of(*reply.cause));
    writer.maybe_text("message", reply.message);
    return writer.take();
}

Result<RequestIdCall> decode_request_id_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    RequestIdCall call{reader.id("id")};
    TRY(reader.finish());
    return call;
}

Json encode_request_id_call(const RequestIdCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    return writer.take();
}

Result<SessionCall> decode_session_opened(const json_t *parameters)
{
    MemberReader reader{parameters};
    SessionCall call = read_session(reader);
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    call.rhost = reader.maybe_text("rhost", max_rhost_bytes);
    call.command = reader.maybe_text("command", max_command_bytes);
    TRY(reader.finish());
    return call;
}

Result<SessionCall> decode_session_closed(const json_t *parameters)
{
    MemberReader reader{parameters};
    SessionCall call = read_session(reader);
    TRY(reader.finish());
    return call;
}

Json encode_session_opened(const SessionCall &call)
{
    MemberWriter writer = write_session(call);
    writer.maybe_text("tty", call.tty);
    writer.maybe_text("rhost", call.rhost);
    writer.maybe_text("command", call.command);
    return writer.take();
}

Json encode_session_closed(const SessionCall &call)
{
    return write_session(call).take();
}

Result<void> decode_empty_reply(const json_t *parameters)
{
    return MemberReader{parameters}.finish();
}

Result<std::string> decode_fault_message(const json_t *parameters)
{
    MemberReader reader{parameters};
    std::string message = reader.text("message", max_message_bytes);
    TRY(reader.finish());
    return message;
}

} // namespace jit::ipc
