#include "jitd/api.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/sys/random.h"
#include "lib/sys/users.h"

namespace jit::daemon {

namespace {

void fail(const std::shared_ptr<sys::Exchange> &exchange, ipc::Fault fault,
          std::string_view message)
{
    exchange->fail(ipc::name_of(fault), message);
}

void refuse_parameters(const std::shared_ptr<sys::Exchange> &exchange, const Error &error)
{
    ipc::Json parameters{json_pack("{s:s}", "parameter", error.what)};
    exchange->fail_and_close("org.varlink.service.InvalidParameter", parameters);
}

void refuse_caller(const std::shared_ptr<sys::Exchange> &exchange, std::string_view message)
{
    exchange->fail_and_close(ipc::name_of(ipc::Fault::not_permitted), ipc::make_message(message));
}

ipc::RequestRecord describe(const RequestFacts &facts)
{
    ipc::RequestRecord record;
    record.id = facts.id;
    record.role = facts.role;
    record.user = facts.user;
    record.oid = facts.oid;
    record.groups = facts.groups;
    record.state = ipc::State::pending_signin;
    record.deadline = facts.deadline_wall;
    record.host = facts.host;
    if (!facts.origin.service.empty())
        record.service = facts.origin.service;
    record.reason = facts.reason;
    return record;
}

std::optional<std::string> unless_empty(const std::string &text)
{
    return text.empty() ? std::nullopt : std::optional{text};
}

ipc::ListReply describe(const StoredRequest &stored)
{
    ipc::ListReply reply;
    if (stored.since) {
        ipc::GrantRecord record;
        record.id = stored.id;
        record.role = stored.role;
        record.user = stored.user;
        record.oid = stored.oid;
        record.groups = stored.groups;
        record.state = stored.state;
        record.since = *stored.since;
        record.until = stored.until.value_or(*stored.since);
        record.host = stored.host;
        record.service = unless_empty(stored.service);
        if (!stored.approver_oid.empty())
            record.approvers = {stored.approver_oid};
        record.reason = unless_empty(stored.reason);
        reply.grant = std::move(record);
    } else {
        ipc::RequestRecord record;
        record.id = stored.id;
        record.role = stored.role;
        record.user = stored.user;
        record.oid = stored.oid;
        record.groups = stored.groups;
        record.state = stored.state;
        record.deadline = stored.deadline;
        record.host = stored.host;
        record.service = unless_empty(stored.service);
        record.reason = unless_empty(stored.reason);
        reply.request = std::move(record);
    }
    return reply;
}

// Sends each record as a reply of its own; the last one says so.
void reply_each(const std::shared_ptr<sys::Exchange> &exchange,
                const std::vector<ipc::ListReply> &replies)
{
    if (replies.empty())
        return exchange->reply(ipc::encode_list_reply({}));
    for (std::size_t i = 0; i + 1 < replies.size(); ++i)
        exchange->reply_and_continue(ipc::encode_list_reply(replies[i]));
    exchange->reply(ipc::encode_list_reply(replies.back()));
}

} // namespace

struct Api::Row {
    std::string_view method;
    bool root_only;
    bool needs_more;
    void (Api::*answer)(Call);
};

const Api::Row Api::rows[] = {
    {ipc::method::check, true, false, &Api::answer_check},
    {ipc::method::request, false, true, &Api::answer_request},
    {ipc::method::cancel, false, false, &Api::answer_cancel},
    {ipc::method::list, false, true, &Api::answer_list},
    {ipc::method::roles, false, false, &Api::answer_roles},
    {ipc::method::drop, false, false, &Api::answer_drop},
    {ipc::method::revoke, true, false, &Api::answer_revoke},
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
        return refuse_caller(exchange, "only root may ask this");
    if (row->needs_more && !exchange->call().more)
        return exchange->fail_and_close("org.varlink.service.ExpectedMore", nullptr);
    (this->*row->answer)(exchange);
}

std::optional<Api::Caller> Api::read_caller(Call exchange)
{
    const uid_t uid = exchange->peer().uid;
    auto name = sys::read_user_name(uid);
    if (!name || !is_name(*name)) {
        refuse_caller(exchange, "your uid has no name on this host");
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

void Api::answer_check(Call exchange)
{
    auto call = ipc::decode_check_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    call->command = unless_empty(shown_command(call->command));
    const Now now = read_clocks();
    const DoorAnswer answer = daemon::answer_check(
        *call, {parts_.settings, parts_.grants.table(), now, parts_.is_reconciled(),
                parts_.grants.has_membership(), parts_.local_groups});
    if (answer.fault)
        fail(exchange, *answer.fault, answer.fault_message);
    else
        exchange->reply(ipc::encode_check_reply(answer.reply));
    // The caller has its answer: the disk makes nobody wait.
    if (answer.record)
        parts_.audit.write_limited(*answer.record, now.boot);
}

void Api::answer_request(Call exchange)
{
    const auto call = ipc::decode_request_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    // What only a PAM application can know is taken from root alone.
    if (!caller->is_root() &&
        ((call->user && *call->user != caller->user) || call->service || call->rhost))
        return refuse_caller(exchange, "only root may ask for somebody else");

    const Settings &settings = parts_.settings;
    if (!settings.config)
        return fail(exchange, ipc::Fault::misconfigured, words::misconfigured);
    if (!settings.policy)
        return fail(exchange, ipc::Fault::misconfigured, words::no_policy);
    if (!parts_.is_reconciled())
        return fail(exchange, ipc::Fault::unavailable, words::not_reconciled);

    RequestFacts facts;
    facts.role = call->role;
    facts.user = call->user.value_or(caller->user);
    const auto uid = sys::read_user_id(facts.user);
    if (!uid)
        return fail(exchange, ipc::Fault::not_found, "no user " + facts.user + " on this host");
    facts.uid = *uid;
    policy::Person person;
    person.user = facts.user;
    person.oid = settings.config->person_of(facts.user);
    if (auto groups = parts_.local_groups(facts.user))
        person.local_groups = *std::move(groups);
    const auto decision =
        policy::decide(*settings.policy, facts.role, person, settings.host, call->duration);
    AuditRecord refused;
    refused.event = Event::refused;
    refused.user = facts.user;
    refused.uid = facts.uid;
    refused.oid = person.oid;
    refused.role = facts.role;
    refused.service = call->service.value_or("");
    refused.tty = call->tty.value_or("");
    refused.command = shown_command(call->command);
    refused.reason = call->reason.value_or("");
    if (decision.is_refused()) {
        const std::string line = policy::explain(decision.refusal, facts.role, facts.user);
        refused.rule = "policy";
        refused.message = facts.user + " is refused: " + line;
        fail(exchange,
             decision.refusal == policy::Refusal::unknown_role ? ipc::Fault::not_found
                                                               : ipc::Fault::refused,
             line);
        return parts_.audit.write_limited(refused, boot_time());
    }
    if (facts.uid < 1000 && (facts.uid == 0 || !decision.role->allow_system_accounts)) {
        const std::string line =
            facts.user + " is a system account, and role \"" + facts.role + "\" is not for those";
        refused.rule = "system-account";
        refused.message = facts.user + " is refused: " + line;
        fail(exchange, ipc::Fault::refused, line);
        return parts_.audit.write_limited(refused, boot_time());
    }
    auto id = sys::make_id();
    if (!id)
        return fail(exchange, ipc::Fault::unavailable, id.error().what);

    facts.id = *std::move(id);
    facts.oid = person.oid;
    facts.groups = decision.role->groups;
    facts.duration = decision.duration;
    facts.asked = call->duration;
    facts.reason = call->reason;
    facts.origin = {call->service.value_or(""), call->tty.value_or(""), call->session.value_or(0)};
    facts.rhost = call->rhost.value_or("");
    facts.command = shown_command(call->command);
    facts.host = settings.host.name;
    facts.began = read_clocks();
    const auto wait = call->timeout ? std::min(*call->timeout, decision.role->approval_timeout)
                                    : decision.role->approval_timeout;
    facts.deadline = facts.began.boot + wait;
    facts.deadline_wall = facts.began.wall + wait;
    parts_.requests.begin_or_join(std::move(facts), exchange);
}

void Api::answer_cancel(Call exchange)
{
    const auto call = ipc::decode_cancel_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    const RequestFacts *const facts = parts_.requests.find(call->id);
    if (!facts)
        return fail(exchange, ipc::Fault::not_found, "no request " + call->id + " waits");
    if (!caller->is_root() && facts->user != caller->user)
        return refuse_caller(exchange, "the request is not yours");
    (void)parts_.requests.cancel(call->id, ipc::Cause::cancelled, std::string{words::cancelled});
    exchange->reply(ipc::Json{json_object()});
}

ipc::GrantRecord Api::describe(const Grant &grant) const
{
    ipc::GrantRecord record;
    record.id = grant.id;
    record.role = grant.role;
    record.user = grant.user;
    record.oid = grant.oid;
    record.groups = grant.groups;
    record.state = is_live(grant, read_clocks(), parts_.grants.has_membership())
                       ? ipc::State::live
                       : ipc::State::ended;
    record.since = grant.since;
    record.until = grant.until;
    record.host = grant.host;
    record.service = unless_empty(grant.service);
    if (!grant.approver_oid.empty())
        record.approvers = {grant.approver_oid};
    record.reason = unless_empty(grant.reason);
    return record;
}

void Api::answer_list(Call exchange)
{
    const auto call = ipc::decode_list_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    if (call->all && !caller->is_root())
        return refuse_caller(exchange, "only root may list everybody's");
    parts_.grants.close_ended();

    const auto is_theirs = [&](const std::string &user) {
        return call->all || user == caller->user;
    };
    std::vector<ipc::ListReply> replies;
    if (call->id) {
        if (const RequestFacts *const facts = parts_.requests.find(*call->id)) {
            if (!caller->is_root() && facts->user != caller->user)
                return refuse_caller(exchange, "the request is not yours");
            replies.push_back({std::nullopt, daemon::describe(*facts)});
            return reply_each(exchange, replies);
        }
        const auto stored = parts_.store.read(*call->id);
        if (!stored)
            return fail(exchange, ipc::Fault::not_found, "no request or grant " + *call->id);
        if (!caller->is_root() && stored->user != caller->user)
            return refuse_caller(exchange, "the grant is not yours");
        replies.push_back(daemon::describe(*stored));
        return reply_each(exchange, replies);
    }
    for (const RequestFacts *facts : parts_.requests.all())
        if (is_theirs(facts->user))
            replies.push_back({std::nullopt, daemon::describe(*facts)});
    for (const Grant *grant : parts_.grants.table().all())
        if (is_theirs(grant->user))
            replies.push_back({describe(*grant), std::nullopt});
    if (call->ended) {
        const auto stored =
            parts_.store.read_newest(call->all ? "" : caller->user, limits::listed_records);
        if (!stored)
            return fail(exchange, ipc::Fault::unavailable, stored.error().what);
        for (const StoredRequest &one : *stored)
            if (one.state != ipc::State::live && one.state != ipc::State::pending_signin)
                replies.push_back(daemon::describe(one));
    }
    reply_each(exchange, replies);
}

void Api::answer_roles(Call exchange)
{
    if (const auto call = ipc::decode_roles_call(exchange->call().parameters.get()); !call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    const Settings &settings = parts_.settings;
    if (!settings.config)
        return fail(exchange, ipc::Fault::misconfigured, words::misconfigured);
    if (!settings.policy)
        return fail(exchange, ipc::Fault::misconfigured, words::no_policy);
    policy::Person person;
    person.user = caller->user;
    person.oid = settings.config->person_of(caller->user);
    if (auto groups = parts_.local_groups(caller->user))
        person.local_groups = *std::move(groups);
    ipc::RolesReply reply;
    for (const policy::Role &role : settings.policy->roles) {
        if (policy::decide(*settings.policy, role.name, person, settings.host, std::nullopt)
                .is_refused())
            continue;
        ipc::RoleRecord record{role.name,     role.description,      role.groups,
                               role.services, role.default_duration, role.max_duration,
                               std::nullopt,  std::nullopt};
        for (const Grant *grant : parts_.grants.table().of_user(caller->user)) {
            if (grant->role == role.name &&
                is_live(*grant, read_clocks(), parts_.grants.has_membership())) {
                record.grant = grant->id;
                record.until = grant->until;
                break;
            }
        }
        reply.roles.push_back(std::move(record));
    }
    exchange->reply(ipc::encode_roles_reply(reply));
}

void Api::answer_drop(Call exchange)
{
    const auto call = ipc::decode_drop_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    std::vector<std::string> ids;
    if (call->id) {
        const Grant *const grant = parts_.grants.table().find(*call->id);
        if (!grant)
            return fail(exchange, ipc::Fault::not_found, "no live grant " + *call->id);
        if (!caller->is_root() && grant->user != caller->user)
            return refuse_caller(exchange, "the grant is not yours");
        ids.push_back(grant->id);
    } else {
        for (const Grant *grant : parts_.grants.table().of_user(caller->user))
            if (grant->role == *call->role)
                ids.push_back(grant->id);
        if (ids.empty())
            return fail(exchange, ipc::Fault::not_found,
                        "you have no live grant of role \"" + *call->role + "\"");
    }
    end_all(exchange, std::move(ids), {Event::dropped, "dropped", caller->user});
}

void Api::answer_revoke(Call exchange)
{
    const auto call = ipc::decode_revoke_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    std::vector<std::string> ids;
    for (const Grant *grant : parts_.grants.table().all())
        if (call->all || (call->id && grant->id == *call->id) ||
            (call->user && grant->user == *call->user) ||
            (call->role && grant->role == *call->role))
            ids.push_back(grant->id);
    if (ids.empty() && call->id)
        return fail(exchange, ipc::Fault::not_found, "no live grant " + *call->id);
    end_all(exchange, std::move(ids), {Event::revoked, "revoked", "root"});
}

void Api::end_all(Call exchange, std::vector<std::string> ids, const Ending &ending)
{
    // Shared by the answers, which come in any order.
    struct Progress {
        std::shared_ptr<sys::Exchange> exchange;
        std::size_t left;
        ipc::IdsReply ended;
        std::optional<HelperFault> fault;
    };
    const auto progress =
        std::make_shared<Progress>(Progress{exchange, ids.size(), {}, std::nullopt});
    if (ids.empty())
        return exchange->reply(ipc::encode_ids_reply({}));
    for (const std::string &id : ids)
        parts_.grants.end(id, ending, [progress, id](const HelperFault *fault) {
            if (fault)
                progress->fault = *fault;
            else
                progress->ended.ids.push_back(id);
            if (--progress->left > 0)
                return;
            if (progress->fault)
                fail(progress->exchange, ipc::Fault::unavailable, progress->fault->message);
            else
                progress->exchange->reply(ipc::encode_ids_reply(progress->ended));
        });
}

void Api::answer_session_opened(Call exchange)
{
    const auto call = ipc::decode_session_opened(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    exchange->reply(ipc::Json{json_object()});
    const Grant *const grant = parts_.grants.table().find(call->grant);
    if (!grant || grant->user != call->requester)
        return;
    AuditRecord record;
    record.event = Event::used;
    record.message = grant->user + " uses role " + grant->role + " at " +
                     safe_text(call->service, 64) + " for account " + safe_text(call->account, 64);
    record.request = grant->id;
    record.has_grant = true;
    record.role = grant->role;
    record.user = grant->user;
    record.uid = grant->uid;
    record.oid = grant->oid;
    record.approver_oid = grant->approver_oid;
    record.service = call->service;
    record.tty = call->tty.value_or("");
    record.rhost = call->rhost.value_or("");
    record.command = shown_command(call->command);
    record.until = grant->until;
    (void)parts_.audit.write(record);
}

void Api::answer_session_closed(Call exchange)
{
    if (const auto call = ipc::decode_session_closed(exchange->call().parameters.get()); !call)
        return refuse_parameters(exchange, call.error());
    exchange->reply(ipc::Json{json_object()});
}

} // namespace jit::daemon
