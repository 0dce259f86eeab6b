// Sessions under a grant, as PAM tells of them: their record, a role that is good for one of them,
// and that they end with the grant.
#include "jitd/api.h"

#include "jitd/answers.h"
#include "jitd/records.h"
#include "lib/base/text.h"
#include "lib/ipc/confining.h"

namespace jit::daemon {

void Api::answer_session_opened(Call exchange)
{
    const auto call = ipc::decode_session_opened(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const Grant *const grant = find_grant(*call);
    if (!grant)
        return exchange->reply(ipc::encode(ipc::SessionReply{}));
    parts_.requests.logins().note_opened(grant->id);
    // What a login over ssh starts has the group, by which it is found at the end.
    if (ends_runs(*grant) && !call->connection)
        confine(exchange, *grant);
    else
        exchange->reply(ipc::encode(ipc::SessionReply{}));
    AuditRecord record = record_of(*grant, Event::used);
    record.message = grant->user + " uses role " + grant->role + " at " +
                     safe_text(call->service, 64) + " for account " + safe_text(call->account, 64);
    record.reason.clear();
    record.service = call->service;
    record.tty = call->tty.value_or("");
    record.rhost = call->rhost.value_or("");
    record.command = shown_command(call->command);
    parts_.grants.sessions().opened(grant->id, exchange->peer().pid,
                                    safe_text(call->service, 64) + " for " +
                                        safe_text(call->account, 64));
    if (is_single_use(*grant) && !grant->is_used) {
        const std::string id = grant->id;
        parts_.grants.use_up(id, record);
        return parts_.grants.end_with(id, exchange->peer().pid);
    }
    parts_.audit.write_limited(record, boot_time());
}

const Grant *Api::find_grant(const ipc::SessionCall &call) const
{
    const std::string_view id =
        call.grant ? std::string_view{*call.grant}
                   : parts_.requests.logins().find_grant(*call.connection, call.requester);
    const Grant *const grant = parts_.grants.table().find(id);
    return grant != nullptr && grant->user == call.requester ? grant : nullptr;
}

// The program waits, so its process is still the one that called.
void Api::confine(Call exchange, const Grant &grant)
{
    parts_.helper.ask_confine({grant.id, exchange->peer().pid},
                              [exchange](const ipc::ConfineReply *reply, const HelperFault &fault) {
                                  if (!reply)
                                      return fail(exchange, ipc::Fault::unavailable, fault.message);
                                  exchange->reply(ipc::encode(ipc::SessionReply{reply->left}));
                              });
}

bool Api::ends_runs(const Grant &grant) const
{
    const policy::Role *const role =
        parts_.settings.policy ? parts_.settings.policy->find(grant.role) : nullptr;
    return role != nullptr && role->end.action == policy::End::Action::terminate;
}

bool Api::is_single_use(const Grant &grant) const
{
    const policy::Role *const role =
        parts_.settings.policy ? parts_.settings.policy->find(grant.role) : nullptr;
    // By nothing but a key is there a later login.
    if (grant.is_of_login &&
        (grant.key.empty() || role == nullptr || role->reuse == policy::Role::Reuse::none))
        return true;
    return role != nullptr && role->limits.single_use;
}

void Api::answer_session_closed(Call exchange)
{
    const auto call = ipc::decode_session_closed(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    exchange->reply(ipc::Json{json_object()});
    const Grant *const grant = find_grant(*call);
    if (call->connection)
        parts_.requests.logins().note_closed(*call->connection);
    if (!grant)
        return;
    parts_.grants.sessions().closed(grant->id, exchange->peer().pid);
    if (grant->is_used)
        parts_.grants.end(grant->id, {Event::expired, "used", "its one session, which was closed"},
                          [](const HelperFault *) {}); // asked again until it is done
}

} // namespace jit::daemon
