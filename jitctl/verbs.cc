// The verbs of one question and one answer: roles, drop, revoke, cancel.
#include "jitctl/verbs.h"

#include <utility>

#include "lib/base/text.h"

namespace jit::ctl {

namespace {

// Drop and Revoke answer alike.
Exit print_ended(const Output &output, const Result<ipc::Reply> &reply, const char *done)
{
    if (!reply.has_value())
        return report(output, reply.error());
    if (!reply->error.empty())
        return report(output, *reply);
    const Result<ipc::IdsReply> ended = ipc::decode_ids_reply(reply->parameters.get());
    if (!ended.has_value())
        return report(output, ended.error());
    if (output.json)
        output.print_json(ipc::encode_ids_reply(*ended).get());
    else if (ended->ids.empty())
        output.print("nothing was live");
    else
        for (const std::string &id : ended->ids)
            output.print(done + (": " + id));
    return Exit::done;
}

} // namespace

Exit roles(const Command &, const Output &output, const std::string &socket)
{
    const Result<ipc::Reply> reply = ask(socket, ipc::method::roles, {}, answer_within);
    if (!reply.has_value())
        return report(output, reply.error());
    if (!reply->error.empty())
        return report(output, *reply);
    const Result<ipc::RolesReply> roles = ipc::decode_roles_reply(reply->parameters.get());
    if (!roles.has_value())
        return report(output, roles.error());
    if (output.json) {
        output.print_json(ipc::encode_roles_reply(*roles).get());
        return Exit::done;
    }
    if (roles->roles.empty()) {
        output.print("no role that you may ask for");
        return Exit::done;
    }
    std::vector<Row> rows{
        {"ROLE", "GROUPS", "DEFAULT", "MAX", "SERVICES", "LIVE UNTIL", "DESCRIPTION"}};
    for (const ipc::RoleRecord &role : roles->roles)
        rows.push_back({role.name, join(role.groups), format_duration(role.default_duration),
                        format_duration(role.max_duration), join(role.services),
                        role.until ? format_time(*role.until) : "", role.description});
    (void)std::fputs(format_table(rows).c_str(), output.out); // main() looks at the stream
    return Exit::done;
}

Exit drop(const Command &command, const Output &output, const std::string &socket)
{
    const ipc::DropCall call{command.id, command.role};
    return print_ended(output,
                       ask(socket, ipc::method::drop, ipc::encode_drop_call(call), ending_within),
                       "dropped");
}

Exit revoke(const Command &command, const Output &output, const std::string &socket)
{
    const ipc::RevokeCall call{command.id, command.user, command.role, command.all};
    return print_ended(
        output, ask(socket, ipc::method::revoke, ipc::encode_revoke_call(call), ending_within),
        "revoked");
}

Exit cancel(const Command &command, const Output &output, const std::string &socket)
{
    const std::string id = command.id.value_or("");
    const Result<ipc::Reply> reply =
        ask(socket, ipc::method::cancel, ipc::encode_request_id_call({id}), answer_within);
    if (!reply.has_value())
        return report(output, reply.error());
    if (!reply->error.empty())
        return report(output, *reply);
    const Result<void> empty = ipc::decode_empty_reply(reply->parameters.get());
    if (!empty.has_value())
        return report(output, empty.error());
    if (output.json) {
        const ipc::Json object{json_pack("{s:s,s:s}", "id", id.c_str(), "state",
                                         std::string{name_of(ipc::State::cancelled)}.c_str())};
        output.print_json(object.get());
    } else {
        output.print("cancelled: " + id);
    }
    return Exit::done;
}

} // namespace jit::ctl
