// What waits for the approval of others: who may see it, and who may say something.
#include "jitd/api.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/records.h"
#include "jitd/words.h"
#include "lib/ipc/approving.h"
#include "policy/approving.h"

namespace jit::daemon {

using policy::ApproverStanding;

void Api::answer_leave(Call exchange)
{
    const RequestFacts *const facts = find_request(exchange);
    if (!facts)
        return;
    const std::string id = facts->id;
    if (!parts_.requests.let_wait(id, exchange->peer().pid))
        return fail(exchange, ipc::Fault::refused, words::only_waits);
    exchange->reply(ipc::Json{json_object()});
}

// As far as it is known before a sign-in. The uid of who asks is refused under whatever name.
ApproverStanding Api::standing_of(const Session &session, const Caller &caller,
                                  const policy::Person &person) const
{
    const RequestFacts &facts = session.facts();
    const policy::Role *const role = parts_.settings.policy->find(facts.role);
    if (role == nullptr)
        return ApproverStanding::stranger;
    if (!facts.is_shared && caller.uid == facts.uid)
        return ApproverStanding::requester;
    // His sign-in will say who he is, and whether he is one.
    if (person.oid.empty())
        return person.found_by_sign_in ? ApproverStanding::needs_sign_in
                                       : ApproverStanding::stranger;
    return policy::approver_standing(*role, facts.oid, person);
}

ipc::PendingRecord Api::make_pending_record(const Session &session) const
{
    const RequestFacts &facts = session.facts();
    ipc::PendingRecord record;
    record.id = facts.id;
    record.role = facts.role;
    record.user = facts.user;
    const auto *const config = parts_.settings.config ? &*parts_.settings.config : nullptr;
    if (facts.is_shared)
        record.person = name_person(facts.oid, config);
    record.host = facts.host;
    record.service = unless_empty(facts.origin.service);
    record.tty = unless_empty(facts.origin.tty);
    record.rhost = unless_empty(facts.from->rhost);
    record.command = unless_empty(facts.command);
    record.duration = facts.duration;
    record.extends = unless_empty(facts.extends);
    // What a grant lasts already is not asked for.
    if (const Grant *const longer = parts_.grants.table().find(facts.extends))
        record.duration =
            std::max(std::chrono::ceil<std::chrono::seconds>(facts.extends_until - longer->until),
                     std::chrono::seconds{1});
    record.reason = facts.reason;
    record.deadline = facts.deadline_wall;
    if (const policy::Role *const role = parts_.settings.policy->find(facts.role)) {
        record.approvers = split_approvers(session.awaited()->counted);
        record.description = role->description;
        record.needed = role->approval.quorum;
    }
    return record;
}

void Api::answer_pending(Call exchange)
{
    const auto call = ipc::decode_pending_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller || !may_begin(exchange))
        return;
    const policy::Person person = read_person(caller->user);
    if (call->id) {
        const Session *const session = find_approvable(exchange, *call->id, *caller, person);
        // jitctl asks for it before anybody is asked for a yes, and goes no further.
        if (!session)
            return note_no_approver(*call->id, *caller, person);
        return exchange->reply(ipc::encode_pending_reply({make_pending_record(*session), {}}));
    }
    // What a sign-in might open is told to who knows the id: it was given to him.
    std::vector<ipc::PendingReply> replies;
    std::size_t bytes = 0;
    auto waiting = parts_.requests.all_approving();
    std::sort(waiting.begin(), waiting.end(), [](const Session *a, const Session *b) {
        return a->facts().id < b->facts().id; // as pages are named
    });
    for (const Session *session : waiting) {
        if ((call->after && session->facts().id <= *call->after) ||
            (!caller->is_root() &&
             standing_of(*session, *caller, person) != ApproverStanding::approver))
            continue;
        if (replies.size() >= limits::listed_records || bytes > limits::listed_bytes) {
            replies.back().next = replies.back().request->id;
            break;
        }
        replies.push_back({make_pending_record(*session), {}});
        bytes +=
            json_dumpb(ipc::encode_pending_reply(replies.back()).get(), nullptr, 0, JSON_COMPACT);
    }
    if (replies.empty())
        return exchange->reply(ipc::encode_pending_reply({}));
    for (std::size_t i = 0; i + 1 < replies.size(); ++i)
        exchange->reply_and_continue(ipc::encode_pending_reply(replies[i]));
    exchange->reply(ipc::encode_pending_reply(replies.back()));
}

const Session *Api::find_approvable(Call exchange, const std::string &id, const Caller &caller,
                                    const policy::Person &person)
{
    const Session *const session = parts_.requests.find_approving(id);
    const auto standing =
        session ? standing_of(*session, caller, person) : ApproverStanding::stranger;
    if (session && (caller.is_root() || standing == ApproverStanding::approver ||
                    standing == ApproverStanding::needs_sign_in))
        return session;
    if (!session)
        fail(exchange, ipc::Fault::not_found, words::no_request_to_approve(id));
    else if (standing == ApproverStanding::requester)
        refuse_caller(exchange, words::own_request);
    else
        refuse_caller(exchange, words::no_approver(caller.user, session->facts().role, false));
    return nullptr;
}

void Api::answer_approve(Call exchange)
{
    const auto call = ipc::decode_approve_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (caller && may_begin(exchange))
        begin_approval(exchange, *caller, call->id, ApprovalFacts::Verb::approve, "", call->tty);
}

void Api::answer_deny(Call exchange)
{
    const auto call = ipc::decode_deny_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (caller && may_begin(exchange))
        begin_approval(exchange, *caller, call->id, ApprovalFacts::Verb::deny, call->reason,
                       call->tty);
}

// Somebody who may not has tried to say something of a request.
void Api::note_no_approver(const std::string &id, const Caller &caller,
                           const policy::Person &person)
{
    const Session *const session = parts_.requests.find_approving(id);
    if (!session)
        return;
    const bool is_own = standing_of(*session, caller, person) == ApproverStanding::requester;
    AuditRecord refused;
    refused.event = Event::refused;
    refused.message = caller.user + " may not say anything of request " + id + " of " +
                      session->facts().user + " for role " + session->facts().role;
    refused.request = id;
    refused.role = session->facts().role;
    refused.user = caller.user;
    refused.uid = caller.uid;
    refused.oid = person.oid;
    refused.rule = is_own ? rule_own_request : rule_not_approver;
    parts_.audit.write_limited(refused, boot_time());
}

void Api::begin_approval(Call exchange, const Caller &caller, const std::string &id,
                         ApprovalFacts::Verb verb, const std::string &reason,
                         const std::optional<std::string> &tty)
{
    const policy::Config &config = *parts_.settings.config;
    const policy::Person person = read_person(caller.user);
    const Session *const session = find_approvable(exchange, id, caller, person);
    if (!session)
        return note_no_approver(id, caller, person);
    // Root has no person of his own, and takes nobody's.
    const std::string upn = caller.is_root() ? "" : config.upn_of(caller.user);
    if (caller.is_root() || (person.oid.empty() && upn.empty()))
        return refuse_caller(exchange, words::no_own_person);
    // A name says nothing of a system account.
    if (!upn.empty() && caller.uid < 1000)
        return refuse_caller(exchange, words::system_account_by_name(caller.user));
    if (is_unconfirmed(caller.user, config, parts_.pins))
        return fail(exchange, ipc::Fault::refused, words::pin_waits(caller.user));
    const RequestFacts &request = session->facts();
    ApprovalFacts facts;
    facts.verb = verb;
    facts.reason = reason;
    facts.id = request.id;
    facts.role = request.role;
    facts.requester = request.user;
    facts.requester_uid = request.uid;
    facts.requester_oid = request.oid;
    facts.user = caller.user;
    facts.oid = person.oid;
    facts.upn = upn;
    facts.tty = tty.value_or("");
    facts.auth_context = request.auth_context;
    facts.began = read_clocks();
    facts.deadline = request.deadline;
    parts_.approvals.begin(std::move(facts), exchange);
}

} // namespace jit::daemon
