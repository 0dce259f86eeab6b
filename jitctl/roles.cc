// `jitctl roles`: what the caller may ask for here and now, and why not the others.
#include <iterator>
#include <utility>

#include "jitctl/origin.h"
#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "lib/ipc/roles.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_replies = 10'000;

template <typename T> void append(std::vector<T> &all, std::vector<T> more)
{
    all.insert(all.end(), std::move_iterator{more.begin()}, std::move_iterator{more.end()});
}

// All of them, however many replies they take.
//   refusal  set if jitd said no
Result<ipc::RolesReply> ask_roles(const std::string &socket, std::optional<ipc::Reply> &refusal)
{
    ipc::RolesReply all;
    ipc::RolesCall call{std::nullopt, read_tty()};
    for (std::size_t i = 0; i < max_replies; ++i) {
        ipc::Reply reply =
            TRY(ask(socket, ipc::method::roles, ipc::encode_roles_call(call), answer_within));
        if (!reply.error.empty()) {
            refusal = std::move(reply);
            return all;
        }
        ipc::RolesReply part = TRY(ipc::decode_roles_reply(reply.parameters.get()));
        append(all.roles, std::move(part.roles));
        append(all.others, std::move(part.others));
        if (!part.next)
            return all;
        call.after = std::move(part.next);
    }
    return Error{Code::bad_input, "the list of roles has no end"};
}

} // namespace

Exit roles(const Command &, const Output &output, const std::string &socket)
{
    std::optional<ipc::Reply> refusal;
    const Result<ipc::RolesReply> found = ask_roles(socket, refusal);
    if (!found.has_value())
        return report(output, found.error());
    if (refusal)
        return report(output, *refusal);
    if (output.json) {
        output.print_json(ipc::encode_roles_reply(*found).get());
        return Exit::done;
    }
    std::vector<Row> rows{
        {"ROLE", "GROUPS", "DEFAULT", "MAX", "SERVICES", "LIVE UNTIL", "DESCRIPTION"}};
    for (const ipc::RoleRecord &role : found->roles)
        rows.push_back({role.name, join(role.groups), format_duration(role.default_duration),
                        format_duration(role.max_duration), join(role.services),
                        role.until ? format_time(*role.until) : "", role.description});
    if (found->roles.empty())
        output.print("no role that you may ask for here and now");
    else
        (void)std::fputs(format_table(rows).c_str(), output.out); // main() looks at the stream
    for (const ipc::OtherRole &other : found->others)
        output.print("not " + other.name + ": " + other.message);
    return Exit::done;
}

} // namespace jit::ctl
