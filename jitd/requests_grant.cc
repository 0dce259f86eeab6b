// From an approved sign-in to a live grant, or to none: what the root helper is asked, and what of
// it is in the ledger first.
#include "jitd/requests.h"

#include "jitd/words.h"

namespace jit::daemon {

namespace {

// The helper sleeps after a minute without work (jit-grantd(8)); its start takes some 50 ms, which
// nobody should wait for who has signed in.
constexpr std::chrono::seconds between_pokes{45};

constexpr std::chrono::seconds until_helper{2};
constexpr std::chrono::seconds least_duration{1};

ipc::Cause cause_of(HelperFault::Kind kind)
{
    switch (kind) {
    case HelperFault::Kind::policy_mismatch:
        return ipc::Cause::policy_changed;
    case HelperFault::Kind::refused:
        return ipc::Cause::refused;
    case HelperFault::Kind::not_found: // the grant that was to go on longer
        return ipc::Cause::expired;
    default:
        return ipc::Cause::failed;
    }
}

} // namespace

void Requests::look_at_extended()
{
    std::vector<std::string> over;
    std::vector<std::string> reached; // by another request, which was granted
    for (const auto &[id, waiting] : waiting_) {
        const RequestFacts &facts = waiting.session->facts();
        if (facts.extends.empty() || waiting.session->is_closed())
            continue;
        const Grant *const grant = parts_.grants.table().find(facts.extends);
        if (!grant)
            over.push_back(facts.id);
        else if (grant->until >= facts.extends_until)
            reached.push_back(facts.id);
        else
            waiting.session->note_extended({grant->until, grant->until_boot});
    }
    for (const std::string &id : over)
        (void)cancel(id, ipc::Cause::expired, std::string{words::grant_over});
    for (const std::string &id : reached)
        (void)cancel(id, ipc::Cause::cancelled, std::string{words::lasts_already});
}

bool Requests::close_extended(const Session &session)
{
    const RequestFacts &facts = session.facts();
    if (facts.extends.empty())
        return false;
    const Grant *const grant = parts_.grants.table().find(facts.extends);
    if (grant && !is_due(*grant, read_clocks()))
        return false;
    const std::string id = facts.id;
    (void)cancel(id, ipc::Cause::expired, std::string{words::grant_over});
    return true;
}

void Requests::keep_helper_awake()
{
    if (waiting_.empty())
        return;
    parts_.helper.wake();
    poke_->set(boot_time() + between_pokes);
}

void Requests::ask_helper(const RequestFacts &facts, bool is_trial, GrantClient::Granted granted,
                          std::optional<WallTime> end)
{
    ipc::GrantCall call{facts.id,  facts.user,     facts.role,
                        facts.oid, facts.duration, parts_.settings.policy_digest,
                        is_trial};
    // The helper counts from when it comes to it, and what a grant stands on ends by the clock.
    if (end)
        call.duration =
            std::max(std::min(call.duration, *end - wall_time() - until_helper), least_duration);
    if (facts.extends.empty())
        return parts_.helper.ask_grant(call, std::move(granted));
    call.id = facts.extends;
    // Until the moment that was asked for, however long the approval took.
    call.duration = std::clamp(facts.extends_until - wall_time(), least_duration,
                               std::max(call.duration, least_duration));
    parts_.helper.ask_extend(call, std::move(granted));
}

// Limits are counted by the helper alone. Who would get nothing hears it before he signs in.
void Requests::ask_trial(const std::string &id)
{
    const RequestFacts &facts = waiting_.at(id).session->facts();
    ask_helper(facts, true, [this, id](const ipc::GrantReply *reply, const HelperFault &fault) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end())
            return;
        Session &session = *found->second.session;
        if (reply)
            return perform(id, session.on_tried(reply->until - (session.facts().extends.empty()
                                                                    ? reply->since
                                                                    : wall_time())));
        perform(id, session.on_trial_failed(cause_of(fault.kind), fault.message));
        if (fault.kind == HelperFault::Kind::policy_mismatch)
            parts_.policy_is_stale();
    });
}

void Requests::ask_grant(const std::string &id, const AskGrant &asked)
{
    Waiting &waiting = waiting_.at(id);
    const RequestFacts &facts = waiting.session->facts();
    StoredRequest &stored = stored_of(waiting);
    stored.asked_helper = true;
    stored.oid = facts.oid; // perhaps it was not known before the sign-in
    stored.approver_oid = asked.approvers;
    const Awaited *const awaited = waiting.session->awaited();
    if (awaited && !awaited->activation.empty())
        stored.activation = facts.entra->group + " " + awaited->activation;
    stored.kept.clear(); // what the helper may have granted is mended, not gone on with
    const bool is_written = asked.approved ? parts_.audit.write(*asked.approved, &stored)
                                           : parts_.store.put(stored).has_value();
    waiting.is_recorded = is_written && waiting.is_recorded;
    // Nobody gets a role whose request or approval is missing in the ledger.
    if (!waiting.is_recorded)
        return perform(id, waiting.session->on_grant_failed(ipc::Cause::failed,
                                                            std::string{words::no_ledger}));
    // What it stands on may end no later than the grant does already.
    const Grant *const longer = parts_.grants.table().find(facts.extends);
    if (longer && awaited && awaited->until && *awaited->until - until_helper <= longer->until)
        return perform(id, waiting.session->on_grant_failed(
                               ipc::Cause::refused, std::string{words::activation_no_longer}));
    // From here on the member may be in the group file, whatever is heard of it.
    if (facts.extends.empty())
        parts_.grants.standing_groups().hold(id, facts.user, facts.groups);
    const auto granted = [this, id](const ipc::GrantReply *reply, const HelperFault &fault) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end())
            return;
        hold_groups(found->second, reply, fault);
        if (reply)
            return on_granted(id, *reply);
        const bool is_stale = fault.kind == HelperFault::Kind::policy_mismatch;
        // No answer is not a no: the grant may be there. A grant that was there before stays, and
        // ends by its ledger there.
        if (fault.kind == HelperFault::Kind::unavailable &&
            found->second.session->facts().extends.empty())
            end_surely(found->second);
        perform(id, found->second.session->on_grant_failed(cause_of(fault.kind), fault.message));
        if (is_stale)
            parts_.policy_is_stale();
    };
    ask_helper(facts, false, granted, awaited ? awaited->until : std::nullopt);
}

// What of a user's groups is of jit's making, now that the helper has answered.
void Requests::hold_groups(const Waiting &waiting, const ipc::GrantReply *reply,
                           const HelperFault &fault)
{
    const RequestFacts &facts = waiting.session->facts();
    if (!facts.extends.empty())
        return;
    StandingGroups &standing = parts_.grants.standing_groups();
    if (reply && reply->made)
        standing.hold(facts.id, facts.user, *reply->made);
    else if (reply || fault.kind != HelperFault::Kind::unavailable)
        standing.forget(facts.id);
}

// The row stays open in the ledger until the helper has answered.
void Requests::end_surely(Waiting &waiting)
{
    const std::string id = waiting.session->facts().id;
    owed_[id] = stored_of(waiting);
    parts_.helper.end_surely({id, "interrupted"},
                             [this, id](const ipc::EndReply *, const HelperFault &) {
                                 parts_.grants.standing_groups().release(id, boot_time());
                                 if (const auto owed = owed_.find(id); owed != owed_.end()) {
                                     (void)parts_.store.put(owed->second);
                                     owed_.erase(owed);
                                 }
                             });
}

void Requests::on_granted(const std::string &id, const ipc::GrantReply &reply)
{
    Waiting &waiting = waiting_.at(id);
    const Now now = read_clocks();
    // A grant that goes on past the end of what it stands on is ended: it can't be shortened again.
    const Awaited *const awaited = waiting.session->awaited();
    const std::string extends = waiting.session->facts().extends;
    if (!extends.empty() && awaited && awaited->until && reply.until > *awaited->until) {
        parts_.grants.end(extends, {Event::revoked, "revoked", "jitd", "activation-over"},
                          [](const HelperFault *) {}); // asked again until it is done
        return perform(id, waiting.session->on_grant_failed(ipc::Cause::expired,
                                                            std::string{words::activation_over}));
    }
    if (waiting.session->facts().extends.empty()) {
        StoredRequest &stored = stored_of(waiting);
        stored.groups = reply.groups;
        stored.made = reply.made;
        stored.since = reply.since;
        stored.until = reply.until;
        stored.until_boot = now.boot + (reply.until - now.wall);
        stored.boot_id = parts_.grants.boot_id();
    }
    perform(id, waiting.session->on_granted(reply.since, reply.until, reply.groups));
}

// Nobody has a role whose grant is missing in the ledger, and none is there without its record.
bool Requests::record_grant(Waiting &waiting, const AuditRecord &record)
{
    const std::string &extends = waiting.session->facts().extends;
    if (!extends.empty()) {
        auto longer = parts_.store.read(extends);
        if (!longer || !record.until)
            return false;
        const Now now = read_clocks();
        longer->until = record.until;
        longer->until_boot = now.boot + (*record.until - now.wall);
        if (const std::string &on = stored_of(waiting).activation; !on.empty())
            longer->activation = on;
        if (const std::string &by = stored_of(waiting).approver_oid; !by.empty())
            longer->approver_oid = by;
        // The request itself has come to its end with this.
        return parts_.audit.write(record, &*longer) &&
               store_state(waiting, ipc::State::ended, "extended");
    }
    StoredRequest live = stored_of(waiting);
    live.state = ipc::State::live;
    live.cause.clear();
    if (!parts_.audit.write(record, &live))
        return false;
    stored_of(waiting) = std::move(live);
    return true;
}

} // namespace jit::daemon
