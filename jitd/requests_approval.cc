// Requests that wait for others: kept in the ledger, followed or left by their requesters, approved
// and denied.
#include "jitd/requests.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/records.h"
#include "jitd/request_replies.h"
#include "jitd/words.h"

namespace jit::daemon {

// Whom the object ids of a request belong to.
std::string Requests::provider_name() const
{
    return parts_.settings.expected.issuer + " " + parts_.settings.expected.client_id;
}

void Requests::await(const std::string &id, const std::optional<AuditRecord> &record)
{
    Waiting &waiting = waiting_.at(id);
    const Session &session = *waiting.session;
    KeptRequest kept = session.keep();
    kept.boot_id = parts_.grants.boot_id();
    kept.provider = provider_name();
    StoredRequest &stored = stored_of(waiting);
    stored.state = ipc::State::pending_approval;
    stored.oid = kept.facts.oid;
    stored.deadline = kept.facts.deadline_wall;
    stored.approver_oid = name_approvers(kept.awaited.given);
    if (!kept.awaited.activation.empty())
        stored.activation = kept.facts.pim_group + " " + kept.awaited.activation;
    stored.kept = encode_kept(kept);
    // What could not be read again would be lost with its approvals at the next start.
    const bool is_kept =
        decode_kept(stored.kept).has_value() &&
        (record ? parts_.audit.write(*record, &stored) : parts_.store.put(stored).has_value());
    if (!is_kept || !waiting.is_recorded)
        return perform(id, waiting.session->on_await_failed());
    const auto reply = ipc::encode_request_reply(make_awaiting_reply(session));
    for (const Watcher &watcher : waiting.watchers)
        watcher->reply_and_continue(reply);
    // Each record after the first is of somebody who was told.
    if (!record && waits_ && kept.facts.mode == policy::Approval::Mode::approver)
        waits_(session, stored, true);
    note_watched(session);
}

void Requests::note_watched(const Session &session) const
{
    if (onlooker_.hurry && session.is_approving() &&
        session.facts().mode == policy::Approval::Mode::watch)
        onlooker_.hurry(session.facts().pim_group);
}

ipc::RequestReply Requests::make_awaiting_reply(const Session &session) const
{
    const RequestFacts &facts = session.facts();
    ipc::RequestReply reply = make_reply(ipc::Progress::approval, facts);
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(facts.deadline - boot_time());
    reply.expires = std::max(left, std::chrono::seconds{1});
    if (facts.mode == policy::Approval::Mode::watch)
        show_activation(reply, session, parts_.settings.expected.authority_host);
    if (!session.waits_for().empty())
        reply.message = session.waits_for();
    if (facts.mode != policy::Approval::Mode::approver)
        return reply;
    const policy::Role *const role =
        parts_.settings.policy ? parts_.settings.policy->find(facts.role) : nullptr;
    const std::size_t given =
        role ? count_approvals(*role, facts.oid, session.awaited()->given) : 0;
    reply.message = words::waits_for_approval(facts.id, given, role ? role->approval.quorum : 1);
    return reply;
}

const Session *Requests::find_approving(const std::string &id) const
{
    const auto found = waiting_.find(id);
    return found == waiting_.end() || !found->second.session->is_approving()
               ? nullptr
               : found->second.session.get();
}

std::vector<const Session *> Requests::all_approving() const
{
    std::vector<const Session *> found;
    for (const auto &[id, waiting] : waiting_)
        if (waiting.session->is_approving())
            found.push_back(waiting.session.get());
    return found;
}

std::optional<StoredRequest> Requests::read_row(const std::string &id) const
{
    auto row = parts_.store.read(id);
    return row ? std::optional{*std::move(row)} : std::nullopt;
}

Result<void> Requests::approve(const std::string &id, GivenApproval given)
{
    if (!find_approving(id))
        return Error{Code::not_found, "no such request waits for approval"};
    with_rules(id, [&](const Rules &rules) {
        return waiting_.at(id).session->on_approval(std::move(given), rules);
    });
    return {};
}

Result<void> Requests::deny(const std::string &id, const GivenApproval &by,
                            const std::string &reason)
{
    if (!find_approving(id))
        return Error{Code::not_found, "no such request waits for approval"};
    perform(id, waiting_.at(id).session->on_denial(by, reason));
    if (unwritten_.contains(id))
        return Error{Code::unavailable, "the ledger can't be written"};
    return {};
}

Result<void> Requests::activate(const std::string &id, const std::string &activation,
                                WallTime until)
{
    if (!find_approving(id))
        return Error{Code::not_found, "no such request waits for an activation"};
    perform(id, waiting_.at(id).session->on_activation(activation, until));
    return {};
}

void Requests::tell_approving(const std::string &id, const std::string &message)
{
    const Session *const session = find_approving(id);
    if (session == nullptr)
        return;
    ipc::RequestReply reply = make_awaiting_reply(*session);
    reply.message = message;
    const ipc::Json parameters = ipc::encode_request_reply(reply);
    for (const Watcher &watcher : waiting_.at(id).watchers)
        watcher->reply_and_continue(parameters);
}

void Requests::end_kept(Waiting &waiting, const WriteRecord &last)
{
    StoredRequest &row = *waiting.stored;
    row.kept.clear();
    row.state = state_of(*last.ends);
    row.cause = ipc::name_of(*last.ends);
    row.since.reset();
    row.until.reset();
    waiting.is_recorded = parts_.audit.write(last.record, &row) && waiting.is_recorded;
    if (waiting.is_recorded)
        return;
    unwritten_.insert_or_assign(row.id, Unwritten{last.record, row});
    write_again_->set(boot_time() + limits::write_again);
}

void Requests::end_late()
{
    while (!unwritten_.empty()) {
        const auto first = unwritten_.begin();
        if (!parts_.audit.write_late(first->second.record, &first->second.row))
            return write_again_->set(boot_time() + limits::write_again);
        unwritten_.erase(first);
    }
}

Result<void> Requests::let_wait(const std::string &id, pid_t leaving)
{
    const auto found = waiting_.find(id);
    if (found == waiting_.end() || found->second.session->is_leaving())
        return Error{Code::not_found, "no such request waits"};
    if (!found->second.session->is_approving())
        return Error{Code::denied, "the request does not wait for others"};
    const auto &watchers = found->second.watchers;
    // It does already: who followed it has lost the connection to a jitd that is no more.
    if (found->second.is_kept && watchers.empty())
        return {};
    if (std::none_of(watchers.begin(), watchers.end(),
                     [&](const Watcher &watcher) { return watcher->peer().pid == leaving; }))
        return Error{Code::denied, "another process follows the request"};
    found->second.is_kept = true;
    return {};
}

void Requests::look_again()
{
    std::vector<std::string> ids;
    for (const Session *session : all_approving())
        ids.push_back(session->facts().id);
    for (const std::string &id : ids)
        with_rules(
            id, [&](const Rules &rules) { return waiting_.at(id).session->on_new_policy(rules); });
}

void Requests::stop()
{
    end_late();
    std::vector<std::string> ids;
    for (const auto &[id, waiting] : waiting_)
        ids.emplace_back(id);
    for (const std::string &id : ids) {
        Waiting &waiting = waiting_.at(id);
        // What others have approved waits on for its login as well.
        const bool waits_on = waiting.session->is_approving() ||
                              (waiting.session->awaited() && waiting.session->is_approved() &&
                               !waiting.session->is_claimed());
        if (!waits_on) {
            (void)cancel(id, ipc::Cause::cancelled, std::string{words::stopping});
            continue;
        }
        // Its token is kept nowhere.
        if (waiting.session->facts().mode == policy::Approval::Mode::pim) {
            (void)cancel(id, ipc::Cause::timed_out, std::string{words::activate_again});
            continue;
        }
        // The last reply, and not an end: who follows it asks again.
        waiting.is_kept = true;
        ipc::RequestReply reply = make_awaiting_reply(*waiting.session);
        reply.message = words::goes_on;
        answer_all(waiting, reply);
    }
    activations_->stop();
}

void Requests::resume()
{
    if (parts_.settings.policy)
        activations_->tell_unwatched(*parts_.settings.policy);
    auto rows = parts_.store.read_open();
    if (!rows)
        return; // they are tried again at the next start
    for (StoredRequest &stored : *rows) {
        if (stored.state != ipc::State::pending_approval || stored.kept.empty() ||
            stored.asked_helper)
            continue;
        auto kept = decode_kept(stored.kept);
        // Of this boot, since where it came from is; of this provider, since its people are.
        const bool is_pim = kept && kept->facts.mode == policy::Approval::Mode::pim;
        if (kept && !is_pim && provider_ && kept->boot_id == parts_.grants.boot_id() &&
            kept->provider == provider_name() && kept->facts.id == stored.id)
            take_up(stored, *std::move(kept));
        else
            drop_kept(std::move(stored), is_pim);
    }
}

void Requests::take_up(const StoredRequest &stored, KeptRequest kept)
{
    const BootTime now = boot_time();
    Attempts::Place place = attempts_.begin(knock_of(kept.facts), now, kept.facts.deadline);
    Waiting &waiting = keep(std::make_unique<Session>(std::move(kept)), std::move(place));
    waiting.is_kept = true;
    waiting.stored = std::make_unique<StoredRequest>(stored);
    perform(stored.id, waiting.session->resume(now));
    // By the policy of now, which may have lost its role meanwhile.
    if (find_approving(stored.id))
        with_rules(stored.id, [&](const Rules &rules) {
            return waiting_.at(stored.id).session->on_new_policy(rules);
        });
    if (const Session *session = find_approving(stored.id);
        session && waits_ && session->facts().mode == policy::Approval::Mode::approver)
        waits_(*session, stored, false);
}

void Requests::drop_kept(StoredRequest stored, bool is_pim)
{
    stored.state = is_pim ? ipc::State::timed_out : ipc::State::cancelled;
    stored.cause = "restart";
    stored.kept.clear();
    AuditRecord record;
    record.event = is_pim ? Event::timed_out : Event::cancelled;
    record.message = "the request of " + stored.user + " for role " + stored.role +
                     (is_pim ? ": " + std::string{words::activate_again}
                             : " ended because the host or its configuration was started anew");
    record.request = stored.id;
    record.role = stored.role;
    record.user = stored.user;
    record.uid = stored.uid;
    record.oid = stored.oid;
    record.service = stored.service;
    record.tty = stored.tty;
    record.reason = stored.reason;
    record.rule = stored.cause;
    (void)parts_.audit.write(record, &stored); // a row that stays open is mended at the next start
}

} // namespace jit::daemon
