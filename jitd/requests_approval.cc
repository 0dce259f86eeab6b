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
    waiting.place.ask_others(session.facts().deadline);
    KeptRequest kept = session.keep();
    kept.boot_id = parts_.grants.boot_id();
    kept.provider = provider_name();
    StoredRequest &stored = stored_of(waiting);
    stored.state = ipc::State::pending_approval;
    stored.oid = kept.facts.oid;
    stored.deadline = kept.facts.deadline_wall;
    stored.approver_oid = kept.awaited.counted;
    if (!kept.awaited.activation.empty())
        stored.activation = kept.facts.entra->group + " " + kept.awaited.activation;
    stored.kept = encode_kept(kept);
    // What could not be read again would be lost with its approvals at the next start.
    if (!decode_kept(stored.kept) || !keep_awaiting(waiting, record) || !waiting.is_recorded)
        return perform(id, waiting.session->on_await_failed());
    const auto reply = ipc::encode_request_reply(make_awaiting_reply(session));
    for (const Follower &one : waiting.watchers)
        one.exchange->reply_and_continue(reply);
    if (!record && waits_ && kept.facts.mode == policy::Approval::Mode::approver)
        waits_(session);
    note_watched(session);
}

// Each record after the first is of somebody who was told.
bool Requests::keep_awaiting(const Waiting &waiting, const std::optional<AuditRecord> &record)
{
    const StoredRequest &row = *waiting.stored;
    if (record)
        return parts_.audit.write(*record, &row);
    const Session &session = *waiting.session;
    const bool is_told = parts_.notices && waiting.is_recorded &&
                         session.facts().mode == policy::Approval::Mode::approver;
    return (is_told ? parts_.notices->put_waiting(session.make_plea(), row) : parts_.store.put(row))
        .has_value();
}

void Requests::note_watched(const Session &session) const
{
    if (onlooker_.hurry && session.is_approving() &&
        session.facts().mode == policy::Approval::Mode::watch)
        onlooker_.hurry(session.facts().entra->group);
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
    std::stable_sort(found.begin(), found.end(), [](const Session *a, const Session *b) {
        return a->facts().began.boot < b->facts().began.boot;
    });
    return found;
}

std::optional<StoredRequest> Requests::read_row(const std::string &id) const
{
    auto row = parts_.store.read(id);
    return row ? std::optional{*std::move(row)} : std::nullopt;
}

Result<void> Requests::approve(const std::string &id, GivenApproval given)
{
    if (const Session *session = find_approving(id); !session || close_extended(*session))
        return Error{Code::not_found, "no such request waits for approval"};
    sign_ins_.with_rules(*this, id, [&](const Rules &rules) {
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
    if (const Session *session = find_approving(id); !session || close_extended(*session))
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
    for (const Follower &one : waiting_.at(id).watchers)
        one.exchange->reply_and_continue(parameters);
}

void Requests::end_kept(Waiting &waiting, const WriteRecord &last)
{
    StoredRequest &row = *waiting.stored;
    row.kept.clear();
    row.state = state_of(*last.ends);
    row.cause = ipc::name_of(*last.ends);
    row.since.reset();
    row.until.reset();
    if (parts_.audit.write(last.record, &row))
        return;
    waiting.is_recorded = false;
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
    auto &watchers = found->second.watchers;
    // It does already: who followed it has lost the connection to a jitd that is no more.
    if (found->second.is_kept && watchers.empty())
        return {};
    bool follows = false;
    for (Follower &one : watchers)
        if (one.exchange->peer().pid == leaving)
            follows = one.stays_waiting = true;
    if (!follows)
        return Error{Code::denied, "another process follows the request"};
    return {};
}

void Requests::look_again()
{
    std::vector<std::string> ids;
    for (const Session *session : all_approving())
        ids.push_back(session->facts().id);
    for (const std::string &id : ids) {
        sign_ins_.with_rules(*this, id, [&](const Rules &rules) {
            return waiting_.at(id).session->on_new_policy(rules);
        });
        note_given(id);
    }
}

// Who counts is another, perhaps: as it is listed, and told.
void Requests::note_given(const std::string &id)
{
    const Session *const session = find_approving(id);
    if (!session || session->facts().mode != policy::Approval::Mode::approver)
        return;
    StoredRequest &stored = stored_of(waiting_.at(id));
    if (const std::string &counted = session->awaited()->counted; counted != stored.approver_oid) {
        stored.approver_oid = counted;
        (void)parts_.store.put(stored); // else it is listed as it was
    }
    tell_approving(id, make_awaiting_reply(*session).message.value_or(""));
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
    if (is_resumed_)
        return;
    // Without a provider or a policy nothing is decided, and what waits can wait for that, too.
    const bool can_decide = sign_ins_.provider() && parts_.settings.policy;
    if (parts_.settings.policy && !std::exchange(is_unwatched_told_, true))
        activations_->tell_unwatched(*parts_.settings.policy);
    auto rows = parts_.store.read_open();
    if (!rows)
        return; // they are tried again at the next start
    is_resumed_ = can_decide;
    for (StoredRequest &stored : *rows) {
        if (stored.state != ipc::State::pending_approval || stored.kept.empty() ||
            stored.asked_helper)
            continue;
        auto kept = decode_kept(stored.kept);
        const bool is_pim = kept && kept->facts.mode == policy::Approval::Mode::pim;
        // Of this boot, since where it came from is; of this provider, since its people are.
        const bool is_lost = !kept || is_pim || kept->boot_id != parts_.grants.boot_id() ||
                             kept->facts.id != stored.id ||
                             (can_decide && kept->provider != provider_name());
        if (is_lost)
            drop_kept(std::move(stored), is_pim);
        else if (can_decide)
            take_up(stored, *std::move(kept));
    }
}

void Requests::take_up(const StoredRequest &stored, KeptRequest kept)
{
    const BootTime now = boot_time();
    if (const Grant *const longer = parts_.grants.table().find(kept.facts.extends))
        kept.facts.extended_end = Now{longer->until, longer->until_boot};
    Attempts::Place place = attempts_.begin(knock_of(kept.facts), now, kept.facts.deadline);
    place.ask_others(kept.facts.deadline);
    Waiting &waiting = keep(std::make_unique<Session>(std::move(kept)), std::move(place));
    waiting.is_kept = true;
    waiting.stored = std::make_unique<StoredRequest>(stored);
    perform(stored.id, waiting.session->resume(now));
    if (const Session *session = find_approving(stored.id); session && close_extended(*session))
        return;
    // By the policy of now, which may have lost its role meanwhile.
    if (find_approving(stored.id))
        sign_ins_.with_rules(*this, stored.id, [&](const Rules &rules) {
            return waiting_.at(stored.id).session->on_new_policy(rules);
        });
    if (const Session *session = find_approving(stored.id);
        session && waits_ && session->facts().mode == policy::Approval::Mode::approver)
        waits_(*session);
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
