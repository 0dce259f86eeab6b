// Asking for a role, and taking the request back.
#include "jitd/api.h"

#include "jitd/answers.h"
#include "jitd/origins.h"
#include "jitd/records.h"
#include "jitd/shared_logins.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/ipc/extend.h"
#include "lib/oidc/pim_watch.h"
#include "lib/sys/digest.h"
#include "lib/sys/random.h"
#include "lib/sys/users.h"

namespace jit::daemon {

namespace {

std::string_view view_of(const std::optional<std::string> &text)
{
    return text ? std::string_view{*text} : std::string_view{};
}

ipc::Fault fault_of(policy::Refusal refusal)
{
    switch (refusal) {
    case policy::Refusal::unknown_role:
        return ipc::Fault::not_found;
    case policy::Refusal::no_reason:
    case policy::Refusal::other_reason:
        return ipc::Fault::reason_wanted;
    default:
        return ipc::Fault::refused;
    }
}

} // namespace

void Api::answer_request(Call exchange)
{
    const auto call = ipc::decode_request_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    // What only a PAM application can know is taken from root alone.
    if (!caller->is_root() && ((call->user && *call->user != caller->user) || call->service ||
                               call->rhost || call->connection || call->proof || call->unproven))
        return refuse_caller(exchange, words::only_root_for_others);
    ipc::RequestCall asked = *call;
    if (!asked.user)
        asked.user = caller->user;
    begin_request(exchange, asked);
}

bool Api::may_begin(Call exchange) const
{
    const Settings &settings = parts_.settings;
    if (!settings.config)
        fail(exchange, ipc::Fault::misconfigured, words::misconfigured);
    else if (!settings.policy)
        fail(exchange, ipc::Fault::misconfigured, words::no_policy);
    else if (!parts_.is_reconciled())
        fail(exchange, ipc::Fault::unavailable, words::not_reconciled);
    else
        return true;
    return false;
}

void Api::answer_extend(Call exchange)
{
    const auto call = ipc::decode_extend_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller || !may_begin(exchange))
        return;
    const GrantTable &table = parts_.grants.table();
    const Now now = read_clocks();
    const Grant *grant = call->id ? table.find(*call->id) : nullptr;
    if (call->role)
        for (const Grant *one : table.of_user(caller->user)) {
            if (one->role != *call->role)
                continue;
            if (grant != nullptr && grant->is_of_login)
                return fail(exchange, ipc::Fault::refused, words::of_several(*call->role));
            grant = grant == nullptr ? one : grant;
        }
    if (grant != nullptr && !caller->is_root() && grant->user != caller->user)
        return refuse_caller(exchange, words::not_your_grant);
    if (grant == nullptr || !is_live(*grant, now, parts_.grants.has_membership()))
        return fail(exchange, ipc::Fault::not_found,
                    call->id ? words::no_live_grant(*call->id)
                             : words::no_live_grant_of(*call->role));
    const policy::Role *const role = parts_.settings.policy->find(grant->role);
    if (role == nullptr)
        return fail(exchange, ipc::Fault::not_found, words::no_role(grant->role));
    if (grant->is_used)
        return fail(exchange, ipc::Fault::refused, words::for_one_session(grant->id));
    if (role->shared != grant->is_of_login)
        return fail(exchange, ipc::Fault::refused, words::config_changed);
    const auto left = grant->until - now.wall;
    const auto most = grant->since + role->max_duration - now.wall;
    const auto wanted = std::min(left + call->duration.value_or(role->default_duration), most);
    if (wanted <= left)
        return fail(exchange, ipc::Fault::refused,
                    words::no_longer(grant->role, format_duration(role->max_duration)));
    ipc::RequestCall asked;
    asked.role = grant->role;
    asked.user = grant->user;
    asked.duration = wanted;
    asked.reason = call->reason;
    asked.tty = call->tty;
    asked.session = call->session;
    begin_request(exchange, asked, Extension{grant->id, grant->oid, now.wall + wanted});
}

void Api::begin_request(Call exchange, const ipc::RequestCall &call,
                        const std::optional<Extension> &extension)
{
    if (!may_begin(exchange))
        return;
    const Settings &settings = parts_.settings;
    RequestFacts facts;
    facts.role = call.role;
    facts.user = call.user.value_or("");
    if (extension) {
        facts.extends = extension->grant;
        facts.extends_until = extension->until;
    }
    const auto uid = sys::read_user_id(facts.user);
    if (!uid)
        return fail(exchange, ipc::Fault::not_found, words::no_user(facts.user));
    facts.uid = *uid;
    const policy::Person person = read_person(facts.user);
    facts.oid = person.oid;
    facts.reason = call.reason;
    facts.asked = call.duration;
    facts.origin = {call.service.value_or(""), call.tty.value_or(""), call.session.value_or(0), "",
                    call.unproven};
    if (call.rhost)
        facts.from.fill().rhost = *call.rhost;
    facts.command = shown_command(call.command);
    const policy::Ask ask{facts.role,
                          call.duration,
                          view_of(call.reason),
                          false,
                          {view_of(call.tty), view_of(call.rhost)}};
    const auto decision =
        policy::decide(*settings.policy, ask, person, settings.host, {}, wall_time());
    const auto refuse = [&](ipc::Fault fault, std::string_view rule, const std::string &line) {
        fail(exchange, fault, line);
        // Who has not been asked for a reason yet is not refused: he will be asked.
        if (rule == policy::name_of(policy::Refusal::no_reason) && call.service)
            return;
        parts_.audit.write_limited(refusal_of(facts, rule, line), boot_time(), call.unproven);
    };
    if (decision.is_refused())
        return refuse(fault_of(decision.refusal), policy::name_of(decision.refusal),
                      policy::explain(decision, facts.role, facts.user));
    const policy::Role &role = *decision.role;
    if (const NoLogin no = why_no_login(role, view_of(call.service), call.proof.has_value());
        no && !extension)
        return refuse(ipc::Fault::refused, no.rule, no.line);
    // Where nobody has proven who is there, his sign-in is to: a role that asks for none proves
    // less.
    if (call.unproven && (!settings.config->unproven_start || !decision.needs_sign_in))
        return refuse(ipc::Fault::refused, rule_unproven,
                      std::string{call.connection ? words::unproven_login : words::unproven});
    // A name that root did not write into the map says nothing of a system account.
    const bool is_by_name = !role.shared && !settings.config->upn_of(facts.user).empty();
    if (facts.uid < 1000 && (facts.uid == 0 || is_by_name || !decision.role->allow_system_accounts))
        return refuse(ipc::Fault::refused, "system-account",
                      is_by_name ? words::system_account_by_name(facts.user)
                                 : words::system_account(facts.user, facts.role));
    if (!role.shared && is_unconfirmed(facts.user, *settings.config, parts_.pins))
        return refuse(ipc::Fault::refused, "pin-unconfirmed", words::pin_waits(facts.user));
    auto id = sys::make_id();
    if (!id)
        return fail(exchange, ipc::Fault::unavailable, id.error().what);
    if (role.approval.mode == policy::Approval::Mode::watch) {
        const auto random = sys::make_bytes();
        if (!random)
            return fail(exchange, ipc::Fault::unavailable, random.error().what);
        facts.entra.fill().watch_token = oidc::make_watch_token(*random);
    }

    facts.id = *std::move(id);
    facts.is_shared = role.shared;
    if (!role.shared)
        facts.upn = settings.config->upn_of(facts.user);
    else // nobody else may lengthen what he has
        facts.oid = extension ? extension->oid : std::string{};
    facts.auth_context = role.conditions.auth_context;
    facts.groups = role.groups;
    facts.duration = decision.duration;
    if (call.connection) {
        facts.is_reusable = role.reuse == policy::Role::Reuse::key && has_one_key(call.proof);
        const pid_t asking = exchange->peer().pid;
        const auto origin = role.shared && !facts.is_reusable ? sole_origin_of(call, asking)
                                                              : origin_of(call, asking);
        auto prover = sys::sha256_hex(call.proof.value_or(""));
        if (!origin || !prover)
            return fail(exchange, ipc::Fault::unavailable, words::no_digest);
        facts.origin = *origin;
        if (role.shared)
            facts.from.fill().prover = *std::move(prover);
        facts.is_held = true;
        facts.from.fill().connection = retried_as(call);
    } else if (role.shared && !extension) {
        facts.from.fill().connection = login_of(call.connection, exchange->peer().pid);
    }
    facts.host = settings.host.name;
    facts.began = read_clocks();
    facts.mode = role.approval.mode;
    if (!role.approval.pim_group.empty())
        facts.entra.fill().group = role.approval.pim_group;
    facts.is_unattended = role.approval.mode == policy::Approval::Mode::none;
    facts.is_limited = role.limits.is_any();
    facts.ends_runs = role.end.action == policy::End::Action::terminate;
    const auto most = role.approval.timeout;
    const auto wait = call.timeout ? std::min(*call.timeout, most) : most;
    facts.deadline = facts.began.boot + wait;
    facts.deadline_wall = facts.began.wall + wait;
    parts_.requests.begin_or_join(std::move(facts), exchange);
}

const RequestFacts *Api::find_request(Call exchange)
{
    const auto call = ipc::decode_request_id_call(exchange->call().parameters.get());
    if (!call) {
        refuse_parameters(exchange, call.error());
        return nullptr;
    }
    const auto caller = read_caller(exchange);
    if (!caller)
        return nullptr;
    const Session *const session = parts_.requests.find(call->id);
    const RequestFacts *const facts = session ? &session->facts() : nullptr;
    if (!facts)
        fail(exchange, ipc::Fault::not_found, words::no_request_waits(call->id));
    else if (!caller->is_root() && facts->user != caller->user)
        refuse_caller(exchange, words::not_your_request);
    else
        return facts;
    return nullptr;
}

void Api::answer_cancel(Call exchange)
{
    const RequestFacts *const facts = find_request(exchange);
    if (!facts)
        return;
    const std::string id = facts->id;
    (void)parts_.requests.cancel(id, ipc::Cause::cancelled, std::string{words::cancelled});
    exchange->reply(ipc::Json{json_object()});
}

void Api::answer_hurry(Call exchange)
{
    // An approver's own sign-in, if he has one under way.
    if (const auto call = ipc::decode_request_id_call(exchange->call().parameters.get());
        call && parts_.approvals.hurry(call->id, exchange->peer().uid))
        return exchange->reply(ipc::Json{json_object()});
    const RequestFacts *const facts = find_request(exchange);
    if (!facts)
        return;
    const std::string id = facts->id;
    (void)parts_.requests.hurry(id);
    exchange->reply(ipc::Json{json_object()});
}

} // namespace jit::daemon
