// List, Roles, Drop and Revoke: the messages that carry records or name many at once.
#include <utility>

#include "lib/base/text.h"
#include "lib/ipc/elevation.h"
#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_records = 1024;
constexpr std::size_t max_groups = 64;
constexpr std::size_t max_approvers = 64;
constexpr std::size_t max_oid_bytes = 256; // `sub` has at most 255 (OpenID Connect Core section 2)
constexpr std::size_t max_word_bytes = 32;

// The members that a grant and a request share, in the order they are printed in: first those
// before the times, then those after.
template <typename Record> void read_head(MemberReader &reader, Record &record)
{
    record.id = reader.id("id");
    record.role = reader.name("role");
    record.user = reader.name("user");
    record.oid = reader.maybe_empty_text("oid", max_oid_bytes);
    record.groups = reader.texts("groups", max_groups, 64, &is_name);
    const std::optional<State> state = parse_state(reader.text("state", max_word_bytes));
    if (state)
        record.state = *state;
    else
        reader.refuse("a word is not one of the protocol's");
}

template <typename Record> void read_tail(MemberReader &reader, Record &record)
{
    record.host = reader.text("host", max_host_bytes);
    record.service = reader.maybe_text("service", max_service_bytes);
    record.approvers = reader.texts("approvers", max_approvers, max_oid_bytes);
    record.reason = reader.maybe_text("reason", max_reason_bytes);
}

template <typename Record> void write_head(MemberWriter &writer, const Record &record)
{
    writer.text("id", record.id);
    writer.text("role", record.role);
    writer.text("user", record.user);
    writer.text("oid", record.oid);
    writer.texts("groups", record.groups);
    writer.text("state", name_of(record.state));
}

template <typename Record> void write_tail(MemberWriter &writer, const Record &record)
{
    writer.text("host", record.host);
    writer.maybe_text("service", record.service);
    writer.texts("approvers", record.approvers);
    writer.maybe_text("reason", record.reason);
}

Result<GrantRecord> decode_grant(const json_t *object)
{
    MemberReader reader{object};
    GrantRecord grant;
    read_head(reader, grant);
    grant.since = reader.time("since");
    grant.until = reader.time("until");
    read_tail(reader, grant);
    grant.person = reader.maybe_text("person", max_oid_bytes);
    const json_t *const leftovers = reader.maybe_object("leftovers");
    TRY(reader.finish());
    if (leftovers != nullptr)
        grant.leftovers = TRY(decode_leftovers(leftovers));
    return grant;
}

Result<RequestRecord> decode_request(const json_t *object)
{
    MemberReader reader{object};
    RequestRecord request;
    read_head(reader, request);
    request.deadline = reader.time("deadline");
    read_tail(reader, request);
    TRY(reader.finish());
    return request;
}

} // namespace

Json encode_grant(const GrantRecord &grant)
{
    MemberWriter writer;
    write_head(writer, grant);
    writer.time("since", grant.since);
    writer.time("until", grant.until);
    write_tail(writer, grant);
    writer.maybe_text("person", grant.person);
    if (grant.leftovers)
        writer.value("leftovers", encode_leftovers(*grant.leftovers));
    return writer.take();
}

Json encode_request(const RequestRecord &request)
{
    MemberWriter writer;
    write_head(writer, request);
    writer.time("deadline", request.deadline);
    write_tail(writer, request);
    return writer.take();
}

Result<ListCall> decode_list_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    ListCall call;
    call.id = reader.maybe_id("id");
    call.all = reader.maybe_flag("all");
    call.ended = reader.maybe_flag("ended");
    call.after = reader.maybe_id("after");
    TRY(reader.finish());
    return call;
}

Json encode_list_call(const ListCall &call)
{
    MemberWriter writer;
    writer.maybe_text("id", call.id);
    if (call.all)
        writer.flag("all", true);
    if (call.ended)
        writer.flag("ended", true);
    writer.maybe_text("after", call.after);
    return writer.take();
}

Result<ListReply> decode_list_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    const json_t *grant = reader.maybe_object("grant");
    const json_t *request = reader.maybe_object("request");
    if (grant != nullptr && request != nullptr)
        reader.refuse("a record is both a grant and a request");
    ListReply reply;
    reply.next = reader.maybe_id("next");
    TRY(reader.finish());
    if (grant != nullptr)
        reply.grant = TRY(decode_grant(grant));
    if (request != nullptr)
        reply.request = TRY(decode_request(request));
    return reply;
}

Json encode_list_reply(const ListReply &reply)
{
    MemberWriter writer;
    if (reply.grant)
        writer.value("grant", encode_grant(*reply.grant));
    if (reply.request)
        writer.value("request", encode_request(*reply.request));
    writer.maybe_text("next", reply.next);
    return writer.take();
}

Result<DropCall> decode_drop_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    DropCall call;
    call.id = reader.maybe_id("id");
    call.role = reader.maybe_name("role");
    if (call.id.has_value() == call.role.has_value())
        reader.refuse("exactly one of id and role is needed");
    TRY(reader.finish());
    return call;
}

Json encode_drop_call(const DropCall &call)
{
    MemberWriter writer;
    writer.maybe_text("id", call.id);
    writer.maybe_text("role", call.role);
    return writer.take();
}

Result<RevokeCall> decode_revoke_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    RevokeCall call;
    call.id = reader.maybe_id("id");
    call.user = reader.maybe_name("user");
    call.role = reader.maybe_name("role");
    call.all = reader.maybe_flag("all");
    // An empty call must never mean everything.
    const int given = int{call.id.has_value()} + int{call.user.has_value()} +
                      int{call.role.has_value()} + int{call.all};
    if (given != 1)
        reader.refuse("exactly one of id, user, role and all is needed");
    TRY(reader.finish());
    return call;
}

Json encode_revoke_call(const RevokeCall &call)
{
    MemberWriter writer;
    writer.maybe_text("id", call.id);
    writer.maybe_text("user", call.user);
    writer.maybe_text("role", call.role);
    if (call.all)
        writer.flag("all", true);
    return writer.take();
}

Result<IdsReply> decode_ids_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    IdsReply reply{reader.texts("ids", max_records, 16, &is_id)};
    reply.message = reader.maybe_text("message", max_message_bytes);
    TRY(reader.finish());
    return reply;
}

Json encode_ids_reply(const IdsReply &reply)
{
    MemberWriter writer;
    writer.texts("ids", reply.ids);
    writer.maybe_text("message", reply.message);
    return writer.take();
}

} // namespace jit::ipc
