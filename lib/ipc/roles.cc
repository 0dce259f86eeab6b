#include "lib/ipc/roles.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

constexpr std::size_t max_records = 1024;
constexpr std::size_t max_description_bytes = 256;
constexpr std::size_t max_groups = 64;
constexpr std::size_t max_services = 16;
constexpr std::size_t max_service_bytes = 64;
constexpr std::size_t max_tty_bytes = 64;
constexpr std::size_t max_rule_bytes = 32;
constexpr std::size_t max_message_bytes = 2048;

Result<RoleRecord> decode_role(const json_t *object)
{
    // A null element must not pass for an object without members.
    if (!json_is_object(object))
        return Error{Code::bad_input, "a role should be an object"};
    MemberReader reader{object};
    RoleRecord role;
    role.name = reader.name("name");
    role.description = reader.maybe_empty_text("description", max_description_bytes);
    role.groups = reader.texts("groups", max_groups, 64, &is_name);
    role.services = reader.texts("services", max_services, max_service_bytes);
    role.default_duration = reader.duration("default_duration");
    role.max_duration = reader.duration("max_duration");
    role.grant = reader.maybe_id("grant");
    role.until = reader.maybe_time("until");
    TRY(reader.finish());
    return role;
}

Result<OtherRole> decode_other(const json_t *object)
{
    if (!json_is_object(object))
        return Error{Code::bad_input, "a role should be an object"};
    MemberReader reader{object};
    OtherRole role;
    role.name = reader.name("name");
    role.rule = reader.text("rule", max_rule_bytes);
    role.message = reader.text("message", max_message_bytes);
    TRY(reader.finish());
    return role;
}

} // namespace

Json encode_role(const RoleRecord &role)
{
    MemberWriter writer;
    writer.text("name", role.name);
    writer.text("description", role.description);
    writer.texts("groups", role.groups);
    writer.texts("services", role.services);
    writer.duration("default_duration", role.default_duration);
    writer.duration("max_duration", role.max_duration);
    writer.maybe_text("grant", role.grant);
    writer.maybe_time("until", role.until);
    return writer.take();
}

Result<RolesCall> decode_roles_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    RolesCall call;
    call.after = reader.maybe_name("after");
    call.tty = reader.maybe_text("tty", max_tty_bytes);
    TRY(reader.finish());
    return call;
}

Json encode_roles_call(const RolesCall &call)
{
    MemberWriter writer;
    writer.maybe_text("after", call.after);
    writer.maybe_text("tty", call.tty);
    return writer.take();
}

Result<RolesReply> decode_roles_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    const json_t *roles = reader.array("roles", max_records);
    const json_t *others = reader.array("others", max_records);
    RolesReply reply;
    reply.next = reader.maybe_name("next");
    TRY(reader.finish());
    for (std::size_t i = 0; i < json_array_size(roles); ++i)
        reply.roles.push_back(TRY(decode_role(json_array_get(roles, i))));
    for (std::size_t i = 0; i < json_array_size(others); ++i)
        reply.others.push_back(TRY(decode_other(json_array_get(others, i))));
    return reply;
}

Json encode_roles_reply(const RolesReply &reply)
{
    std::vector<Json> roles;
    for (const RoleRecord &role : reply.roles)
        roles.push_back(encode_role(role));
    std::vector<Json> others;
    for (const OtherRole &role : reply.others) {
        MemberWriter writer;
        writer.text("name", role.name);
        writer.text("rule", role.rule);
        writer.text("message", role.message);
        others.push_back(writer.take());
    }
    MemberWriter writer;
    writer.values("roles", std::move(roles));
    writer.values("others", std::move(others));
    writer.maybe_text("next", reply.next);
    return writer.take();
}

} // namespace jit::ipc
