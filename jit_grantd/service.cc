#include "jit_grantd/service.h"

#include <utility>

#include "lib/ipc/granting.h"
#include "lib/ipc/interface_texts.h"
#include "lib/ipc/message.h"

namespace jit::grantd {

namespace {

std::string_view name_of(Refusal::Kind kind)
{
    switch (kind) {
    case Refusal::Kind::refused:
        return ipc::grant_refused;
    case Refusal::Kind::misconfigured:
        return ipc::grant_misconfigured;
    case Refusal::Kind::policy_mismatch:
        return ipc::grant_policy_mismatch;
    case Refusal::Kind::not_found:
        return ipc::grant_not_found;
    case Refusal::Kind::unavailable:
        break;
    }
    return ipc::grant_unavailable;
}

void fail(sys::Exchange &exchange, const Refusal &refusal)
{
    exchange.fail(name_of(refusal.kind), refusal.text);
}

// Parameters of a wrong form break the rules of the interface: our own daemon never sends such.
void reject(sys::Exchange &exchange, const Error &error)
{
    exchange.fail_and_close("org.varlink.service.InvalidParameter",
                            ipc::Json{json_pack("{s:s}", "parameter", error.what)});
}

} // namespace

Result<std::unique_ptr<Service>> Service::make(sd_event *loop, Fd listening, Grants &grants,
                                               std::optional<uid_t> daemon)
{
    std::unique_ptr<Service> made{new Service(loop, grants, daemon)};
    Service *const self = made.get();
    made->idle_ = TRY(sys::Timer::make(loop, [self] { self->leave(); }));
    made->server_ = TRY(sys::VarlinkServer::make(
        loop, std::move(listening), {"jit-grantd", "io.jitd.Grant", ipc::grant_interface_text},
        {max_connections, connections_for_root, connections_of_one_user, frame_patience},
        [self](const std::shared_ptr<sys::Exchange> &exchange) { self->answer(*exchange); }));
    made->server_->on_idle([self] { self->begin_idling(); });
    made->begin_idling();
    return made;
}

void Service::begin_idling()
{
    idle_->set(boot_time() + idle_exit);
}

void Service::leave()
{
    if (server_->connections() > 0)
        return; // its end begins the wait anew
    (void)sd_event_exit(loop_, 0);
}

void Service::answer(sys::Exchange &exchange)
{
    begin_idling();
    const uid_t uid = exchange.peer().uid;
    if (uid != 0 && (!daemon_ || uid != *daemon_))
        return exchange.fail_and_close(ipc::grant_not_permitted,
                                       ipc::make_message("only root and jitd may call"));
    const std::string &method = exchange.call().method;
    if (method == ipc::grant_method)
        return answer_grant(exchange);
    if (method == ipc::extend_method)
        return answer_extend(exchange);
    if (method == ipc::end_method)
        return answer_end(exchange);
    if (method == ipc::use_method)
        return answer_use(exchange);
    if (method == ipc::confine_method)
        return answer_confine(exchange);
    if (method == ipc::warn_method)
        return answer_warn(exchange);
    if (method == ipc::list_method)
        return answer_list(exchange);
    exchange.fail_and_close("org.varlink.service.MethodNotFound",
                            ipc::Json{json_pack("{s:s}", "method", method.c_str())});
}

void Service::answer_grant(sys::Exchange &exchange)
{
    const auto call = ipc::decode_grant_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    // A daemon that gave up waiting has asked for the end already, and that call may have been
    // answered before this one.
    if (!exchange.is_caller_there())
        return exchange.fail(ipc::grant_unavailable, "nobody waits for this grant any more");
    const auto reply = grants_.grant(*call);
    if (!reply)
        return fail(exchange, reply.refusal());
    exchange.reply(ipc::encode(*reply));
}

void Service::answer_extend(sys::Exchange &exchange)
{
    const auto call = ipc::decode_grant_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    if (!exchange.is_caller_there())
        return exchange.fail(ipc::grant_unavailable, "nobody waits for this any more");
    const auto reply = grants_.extend(*call);
    if (!reply)
        return fail(exchange, reply.refusal());
    exchange.reply(ipc::encode(*reply));
}

void Service::answer_end(sys::Exchange &exchange)
{
    const auto call = ipc::decode_end_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    const auto reply = grants_.end(*call);
    if (!reply)
        return fail(exchange, reply.refusal());
    exchange.reply(ipc::encode(*reply));
}

void Service::answer_use(sys::Exchange &exchange)
{
    const auto call = ipc::decode_use_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    const auto done = grants_.use(*call);
    if (!done)
        return fail(exchange, done.refusal());
    exchange.reply(ipc::Json{json_object()});
}

void Service::answer_confine(sys::Exchange &exchange)
{
    const auto call = ipc::decode_confine_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    // A session that nobody opens any more: its process may be another's by now.
    if (!exchange.is_caller_there())
        return exchange.fail(ipc::grant_unavailable, "nobody waits for this any more");
    const auto reply = grants_.confine(*call);
    if (!reply)
        return fail(exchange, reply.refusal());
    exchange.reply(ipc::encode(*reply));
}

void Service::answer_warn(sys::Exchange &exchange)
{
    const auto call = ipc::decode_warn_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    if (const auto done = grants_.warn(*call); !done)
        return fail(exchange, done.refusal());
    exchange.reply(ipc::Json{json_object()});
}

void Service::answer_list(sys::Exchange &exchange)
{
    const auto call = ipc::decode_grant_list_call(exchange.call().parameters.get());
    if (!call)
        return reject(exchange, call.error());
    const auto list = grants_.list(*call);
    if (!list)
        return fail(exchange, list.refusal());
    exchange.reply(ipc::encode(*list));
}

} // namespace jit::grantd
