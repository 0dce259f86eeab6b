#include "jitd/request_replies.h"

#include <algorithm>

#include "jitd/qr.h"
#include "jitd/words.h"

namespace jit::daemon {

ipc::RequestReply make_reply(ipc::Progress state, const RequestFacts &facts)
{
    ipc::RequestReply reply;
    reply.state = state;
    reply.id = facts.id;
    reply.role = facts.role;
    reply.host = facts.host;
    reply.duration = facts.duration;
    return reply;
}

void show_code(ipc::RequestReply &reply, const ShowCode &code)
{
    reply.uri = code.uri;
    if (std::string qr = make_qr(code.uri); !qr.empty())
        reply.qr = std::move(qr);
    reply.code = code.user_code;
    if (code.is_again)
        reply.message = words::again;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(code.expires - boot_time());
    reply.expires = std::max(left, std::chrono::seconds{1});
}

ipc::RequestReply make_code_reply(const RequestFacts &facts, const ShowCode &code)
{
    ipc::RequestReply reply = make_reply(ipc::Progress::code, facts);
    show_code(reply, code);
    return reply;
}

std::string activation_page(std::string_view authority_host)
{
    const std::string_view portal = authority_host.ends_with(".us")   ? "portal.azure.us"
                                    : authority_host.ends_with(".cn") ? "portal.azure.cn"
                                                                      : "portal.azure.com";
    return "https://" + std::string{portal} +
           "/#view/Microsoft_Azure_PIMCommon/ActivationMenuBlade/~/aadgroup";
}

void show_activation(ipc::RequestReply &reply, const Session &session,
                     std::string_view authority_host)
{
    if (session.awaited()->is_met) {
        reply.message = words::activation_seen;
        return;
    }
    const std::string page = activation_page(authority_host);
    const std::string &token = session.awaited()->watch_token;
    reply.message = words::activate_group(session.facts().entra->group, token, page);
    reply.uri = page;
    if (std::string qr = make_qr(page); !qr.empty())
        reply.qr = std::move(qr);
    if (!token.empty())
        reply.code = token;
}

StoredRequest make_stored(const RequestFacts &facts)
{
    StoredRequest stored;
    stored.id = facts.id;
    stored.role = facts.role;
    stored.user = facts.user;
    stored.uid = facts.uid;
    stored.oid = facts.oid;
    stored.groups = facts.groups;
    stored.host = facts.host;
    stored.service = facts.origin.service;
    stored.tty = facts.origin.tty;
    stored.reason = facts.reason.value_or("");
    stored.is_of_login = facts.is_shared;
    if (facts.is_reusable)
        stored.key = facts.origin.proof;
    stored.began = facts.began.wall;
    stored.deadline = facts.deadline_wall;
    return stored;
}

} // namespace jit::daemon
