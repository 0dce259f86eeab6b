#include "jitd/api.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/records.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/ipc/approving.h"
#include "lib/ipc/audit.h"
#include "lib/ipc/extend.h"
#include "lib/ipc/health.h"
#include "lib/ipc/pins.h"
#include "lib/ipc/roles.h"
#include "lib/sys/users.h"

namespace jit::daemon {

struct Api::Row {
    std::string_view method;
    bool root_only;
    bool needs_more;
    void (Api::*answer)(Call);
};

const Api::Row Api::rows[] = {
    {ipc::method::check, true, false, &Api::answer_check},
    {ipc::method::request, false, true, &Api::answer_request},
    {ipc::method::extend, false, true, &Api::answer_extend},
    {ipc::method::cancel, false, false, &Api::answer_cancel},
    {ipc::method::hurry, false, false, &Api::answer_hurry},
    {ipc::method::leave, false, false, &Api::answer_leave},
    {ipc::method::pending, false, true, &Api::answer_pending},
    {ipc::method::approve, false, true, &Api::answer_approve},
    {ipc::method::deny, false, true, &Api::answer_deny},
    {ipc::method::audit, false, true, &Api::answer_audit},
    {ipc::method::list, false, true, &Api::answer_list},
    {ipc::method::health, false, false, &Api::answer_health},
    {ipc::method::roles, false, false, &Api::answer_roles},
    {ipc::method::drop, false, false, &Api::answer_drop},
    {ipc::method::revoke, true, false, &Api::answer_revoke},
    {ipc::method::pins, true, false, &Api::answer_pins},
    {ipc::method::confirm_pin, true, false, &Api::answer_confirm_pin},
    {ipc::method::clear_pin, true, false, &Api::answer_clear_pin},
    {ipc::method::session_opened, true, false, &Api::answer_session_opened},
    {ipc::method::session_closed, true, false, &Api::answer_session_closed},
};

void Api::answer(Call exchange)
{
    const std::string &method = exchange->call().method;
    const auto *const row = std::find_if(std::begin(rows), std::end(rows),
                                         [&](const Row &one) { return one.method == method; });
    if (row == std::end(rows)) {
        const std::string safe = safe_text(method, 256);
        return exchange->fail_and_close("org.varlink.service.MethodNotFound",
                                        ipc::Json{json_pack("{s:s}", "method", safe.c_str())});
    }
    if (row->root_only && exchange->peer().uid != 0)
        return refuse_caller(exchange, words::only_root);
    if (row->needs_more && !exchange->call().more)
        return exchange->fail_and_close("org.varlink.service.ExpectedMore", nullptr);
    (this->*row->answer)(exchange);
}

std::optional<Api::Caller> Api::read_caller(Call exchange)
{
    const uid_t uid = exchange->peer().uid;
    auto name = sys::read_user_name(uid);
    if (!name || !is_name(*name)) {
        refuse_caller(exchange, words::no_uid_name);
        return std::nullopt;
    }
    return Caller{uid, *std::move(name)};
}

std::string Api::shown_command(const std::optional<std::string> &command) const
{
    if (!command)
        return "";
    if (parts_.settings.config && parts_.settings.config->audit_arguments)
        return *command;
    return command->substr(0, command->find(' '));
}

policy::Person Api::read_person(const std::string &user) const
{
    return daemon::read_person(user, *parts_.settings.config, parts_.pins, parts_.local_groups);
}

void Api::answer_health(Call exchange)
{
    if (const auto call = ipc::decode_health_call(exchange->call().parameters.get()); !call)
        return refuse_parameters(exchange, call.error());
    const Settings &settings = parts_.settings;
    ipc::HealthReply reply;
    reply.is_configured = settings.config.has_value();
    if (settings.policy)
        reply.policy =
            settings.is_last_good ? ipc::PolicyInForce::last_good : ipc::PolicyInForce::current;
    // Faults quote root's files, which may be hidden from others.
    if (exchange->peer().uid != 0)
        reply.fault.reset();
    else if (!reply.is_configured)
        reply.fault = summarize(settings.config_faults);
    else if (reply.policy != ipc::PolicyInForce::current)
        reply.fault = summarize(settings.policy_faults);
    exchange->reply(ipc::encode_health_reply(reply));
}

} // namespace jit::daemon
