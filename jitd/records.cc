#include "jitd/records.h"

#include "jitd/grants.h"
#include "lib/base/text.h"

namespace jit::daemon {

std::optional<std::string> unless_empty(const std::string &text)
{
    return text.empty() ? std::nullopt : std::optional{text};
}

std::string name_person(std::string_view oid, const policy::Config *config)
{
    const std::string_view user = config == nullptr ? std::string_view{} : config->user_of(oid);
    return safe_text(user.empty() ? oid : user, 255);
}

ipc::RequestRecord make_request_record(const RequestFacts &facts, const Awaited *awaited)
{
    ipc::RequestRecord record;
    record.id = facts.id;
    record.role = facts.role;
    record.user = facts.user;
    record.oid = facts.oid;
    record.groups = facts.groups;
    record.state = awaited ? ipc::State::pending_approval : ipc::State::pending_signin;
    if (awaited)
        record.approvers = split_approvers(awaited->counted);
    record.deadline = facts.deadline_wall;
    record.host = facts.host;
    record.service = unless_empty(facts.origin.service);
    record.reason = facts.reason;
    return record;
}

ipc::GrantRecord make_grant_record(const Grant &grant, ipc::State state,
                                   const policy::Config *config)
{
    ipc::GrantRecord record;
    record.id = grant.id;
    record.role = grant.role;
    record.user = grant.user;
    record.oid = grant.oid;
    record.groups = grant.groups;
    record.state = state;
    record.since = grant.since;
    record.until = grant.until;
    record.host = grant.host;
    record.service = unless_empty(grant.service);
    record.approvers = split_approvers(grant.approver_oid);
    record.reason = unless_empty(grant.reason);
    if (grant.is_of_login)
        record.person = name_person(grant.oid, config);
    return record;
}

ipc::State state_of(ipc::Cause cause)
{
    switch (cause) {
    case ipc::Cause::cancelled:
        return ipc::State::cancelled;
    case ipc::Cause::expired:
    case ipc::Cause::timed_out:
        return ipc::State::timed_out;
    default:
        return ipc::State::denied;
    }
}

AuditRecord refusal_of(const RequestFacts &facts, std::string_view rule, const std::string &line)
{
    AuditRecord record;
    record.event = Event::refused;
    record.message = facts.user + " is refused: " + line;
    record.user = facts.user;
    record.uid = facts.uid;
    record.oid = facts.oid;
    record.role = facts.role;
    record.service = facts.origin.service;
    record.tty = facts.origin.tty;
    record.rhost = facts.from->rhost;
    record.command = facts.command;
    record.reason = facts.reason.value_or("");
    record.asked = facts.asked;
    record.rule = rule;
    return record;
}

AuditRecord record_of(const Grant &grant, Event event)
{
    AuditRecord record;
    record.event = event;
    record.request = grant.id;
    record.has_grant = true;
    record.role = grant.role;
    record.user = grant.user;
    record.uid = grant.uid;
    record.oid = grant.oid;
    record.approver_oid = grant.approver_oid;
    record.service = grant.service;
    record.tty = grant.tty;
    record.reason = grant.reason;
    record.until = grant.until;
    return record;
}

ipc::ListReply make_record(const StoredRequest &stored, const policy::Config *config)
{
    if (stored.since)
        return {make_grant_record(make_grant(stored), stored.state, config), std::nullopt, {}};
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
    record.approvers = split_approvers(stored.approver_oid);
    record.reason = unless_empty(stored.reason);
    return {std::nullopt, std::move(record), {}};
}

} // namespace jit::daemon
