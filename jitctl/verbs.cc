// The verbs of one question and one answer: drop, revoke, cancel.
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
    if (ended->message && !output.json)
        output.tell(*ended->message);
    return Exit::done;
}

} // namespace

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
