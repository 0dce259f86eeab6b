#include "jitd/grants.h"

#include <syslog.h>

#include "jitd/records.h"
#include "lib/base/text.h"
#include "lib/sys/journal.h"
#include "lib/sys/local_accounts.h"

namespace jit::daemon {

namespace {

using namespace std::chrono_literals;

// The timer of the root helper's own fires within some 100 ms of the end.
constexpr auto after_end = 300ms;
// How long a membership may outlive its end before the helper is asked to end it again.
constexpr auto overdue = 2s;
// How often memberships are looked at that others may have taken away, where nobody tells us, and
// how soon a ledger that could not be written is tried again.
constexpr auto look_again = 30s;
constexpr auto write_again = 5s;

AuditRecord make_record(const Grant &grant, Event event, const std::string &cause,
                        const std::string &message)
{
    AuditRecord record = record_of(grant, event);
    record.message = message;
    record.rule = cause;
    return record;
}

std::string describe(const Grant &grant)
{
    return "role " + grant.role + " of " + grant.user;
}

} // namespace

Grant make_grant(const StoredRequest &stored)
{
    Grant grant;
    grant.id = stored.id;
    grant.role = stored.role;
    grant.user = stored.user;
    grant.uid = stored.uid;
    grant.oid = stored.oid;
    grant.groups = stored.groups;
    grant.made = stored.made;
    grant.since = stored.since.value_or(stored.began);
    grant.until = stored.until.value_or(stored.began);
    grant.until_boot = stored.until_boot.value_or(BootTime{});
    grant.host = stored.host;
    grant.service = stored.service;
    grant.tty = stored.tty;
    grant.reason = stored.reason;
    grant.approver_oid = stored.approver_oid;
    grant.activation = stored.activation;
    grant.is_of_login = stored.is_of_login;
    grant.key = stored.key;
    grant.is_used = stored.is_used;
    return grant;
}

Grants::Grants(sd_event *loop, Store &store, Audit &audit, GrantClient &helper, std::string boot_id,
               HasMembership has_membership)
    : store_(store), audit_(audit), helper_(helper), boot_id_(std::move(boot_id)),
      has_membership_(std::move(has_membership)), sole_sessions_(loop)
{
}

Result<std::unique_ptr<Grants>> Grants::make(sd_event *loop, Store &store, Audit &audit,
                                             GrantClient &helper, std::string boot_id,
                                             HasMembership has_membership)
{
    std::unique_ptr<Grants> made{
        new Grants(loop, store, audit, helper, std::move(boot_id), std::move(has_membership))};
    Grants *const self = made.get();
    made->timer_ = TRY(sys::Timer::make(loop, [self] { self->close_ended(); }));
    return made;
}

Result<void> Grants::mend()
{
    for (StoredRequest &stored : TRY(store_.read_open())) {
        Grant grant = make_grant(stored);
        if (stored.state == ipc::State::live && stored.boot_id == boot_id_) {
            if (grant.made)
                standing_groups_.hold(grant.id, grant.user, *grant.made);
            // The login that it was made for had not begun, and is not known any more.
            const bool is_lost = grant.is_of_login && !grant.is_used && grant.key.empty();
            const std::string id = grant.id;
            table_.add(std::move(grant));
            if (is_lost)
                end(id, {Event::reconciled, "interrupted", "jitd, which was started anew"},
                    [](const HelperFault *) {}); // asked again until it is done
            continue;
        }
        // It waits for others, and goes on: Requests::resume().
        if (stored.state == ipc::State::pending_approval && !stored.kept.empty() &&
            !stored.asked_helper)
            continue;
        const bool was_live = stored.state == ipc::State::live;
        stored.cause = was_live ? "reboot" : "restart";
        stored.state = was_live ? ipc::State::ended : ipc::State::cancelled;
        if (was_live) {
            const bool ran_out = wall_time() >= grant.until;
            // A row that can't be written now stays open, and its record is written with it then.
            (void)audit_.write(make_record(grant, ran_out ? Event::expired : Event::reconciled,
                                           stored.cause,
                                           describe(grant) + " ended with the machine's boot"),
                               &stored);
            continue;
        }
        AuditRecord record = make_record(grant, Event::cancelled, stored.cause,
                                         "the request of " + grant.user + " for role " +
                                             grant.role + " ended because jitd was started anew");
        record.has_grant = false;
        record.until.reset();
        // What the helper may have granted unheard stays open until it has answered.
        if (stored.asked_helper) {
            standing_groups_.hold(grant.id, grant.user, grant.groups);
            helper_.end_surely({grant.id, "interrupted"},
                               [this, stored, record](const ipc::EndReply *, const HelperFault &) {
                                   standing_groups_.release(stored.id, boot_time());
                                   (void)audit_.write(record, &stored);
                               });
        } else {
            (void)audit_.write(record, &stored);
        }
    }
    close_ended();
    return {};
}

void Grants::add(Grant grant)
{
    table_.add(std::move(grant));
    arm();
}

void Grants::extend(const std::string &id, WallTime until, const std::string &activation,
                    const std::string &approvers)
{
    const Now now = read_clocks();
    table_.extend(id, until, now.boot + (until - now.wall), activation, approvers);
    arm();
}

Result<std::vector<std::string>> Grants::local_groups(const std::string &user)
{
    const auto groups = TRY(sys::read_local_groups(user));
    return standing_groups_.of(user, groups, boot_time());
}

void Grants::arm()
{
    for (const auto &changed : changed_)
        changed();
    const auto next = table_.next_end();
    if (!next && unwritten_.empty())
        return timer_->stop();
    const BootTime now = boot_time();
    BootTime at = BootTime::max();
    if (!unwritten_.empty())
        at = now + write_again;
    else if (!is_told_ || table_.has_any_in_group_file())
        at = now + look_again;
    // What is overdue is looked at again soon, not at once.
    if (next)
        at = std::min(at, *next + after_end > now ? *next + after_end : now + overdue);
    timer_->set(at);
}

void Grants::on_change(std::function<void()> changed)
{
    changed_.push_back(std::move(changed));
}

void Grants::be_told(bool is_told)
{
    is_told_ = is_told;
    arm();
}

void Grants::write_late()
{
    while (!unwritten_.empty()) {
        const Unwritten &first = unwritten_.front();
        if (!audit_.write_late(first.record, &first.row))
            return;
        unwritten_.erase(unwritten_.begin());
    }
}

void Grants::close(const std::string &id, Event event, const std::string &cause,
                   const std::string &message)
{
    const auto grant = table_.take(id);
    if (!grant)
        return;
    standing_groups_.release(id, boot_time());
    sole_sessions_.forget(id);
    AuditRecord record = make_record(*grant, event, cause, message);
    record.at = wall_time();
    record.processes = sessions_.take(id);
    auto stored = store_.read(id);
    if (stored) {
        stored->state = ipc::State::ended;
        stored->cause = cause;
    }
    // A ledger that can't be written keeps the entry open. What counts for rights is gone already.
    if (!audit_.write(record, stored ? &*stored : nullptr) && stored)
        unwritten_.push_back({std::move(record), *std::move(stored)});
    arm();
}

void Grants::end(const std::string &id, const Ending &ending, Done done)
{
    // Apart, since arguments are evaluated in any order and one of them is moved from.
    const ipc::EndCall call{id, ending.cause};
    const auto ended = on_ended(id, ending, std::move(done));
    helper_.ask_end(
        call, [this, call, ending, ended](const ipc::EndReply *reply, const HelperFault &fault) {
            ended(reply, fault);
            if (!reply && fault.kind == HelperFault::Kind::unavailable)
                helper_.end_surely(call, on_ended(call.id, ending, [](const HelperFault *) {}));
        });
}

GrantClient::Ended Grants::on_ended(const std::string &id, Ending ending, Done done)
{
    ending_.insert(id);
    return [this, id, ending = std::move(ending),
            done = std::move(done)](const ipc::EndReply *reply, const HelperFault &fault) {
        ending_.erase(id);
        if (!reply && fault.kind != HelperFault::Kind::not_found)
            return done(&fault);
        if (const Grant *const grant = table_.find(id))
            close(id, ending.event, ending.rule.empty() ? ending.cause : ending.rule,
                  describe(*grant) + " was ended by " + ending.by);
        done(nullptr);
    };
}

void Grants::end_with(const std::string &id, pid_t session)
{
    const auto over = [this, id] {
        end(id, {Event::expired, "used", "its one session, which is over"},
            [](const HelperFault *) {}); // asked again until it is done
    };
    if (!sole_sessions_.watch(id, session, over))
        over();
}

void Grants::use_up(const std::string &id, const AuditRecord &record)
{
    table_.note_used(id);
    auto stored = store_.read(id);
    if (stored)
        stored->is_used = true;
    const bool is_kept = audit_.write(record, stored ? &*stored : nullptr) && stored;
    helper_.note_used({id}); // root's ledger has it too
    // What a restart would forget must not be there after one: the session goes on without a grant.
    if (!is_kept)
        end(id, {Event::expired, "used", "a use that the ledger could not take"},
            [](const HelperFault *) {}); // asked again until it is done
}

void Grants::end_without_role(const policy::Policy &policy)
{
    for (const Grant *grant : table_.all()) {
        if (policy.find(grant->role))
            continue;
        const Ending ending{Event::revoked, "policy", "a policy that no longer has the role"};
        helper_.end_surely({grant->id, ending.cause},
                           on_ended(grant->id, ending, [id = grant->id](const HelperFault *fault) {
                               if (fault)
                                   sys::write_journal(LOG_ALERT,
                                                      "grant " + id +
                                                          " could not be ended: " + fault->message);
                           }));
    }
}

void Grants::close_ended()
{
    write_late();
    const Now now = read_clocks();
    std::vector<Grant> ended;
    for (const Grant *grant : table_.all())
        if (!is_live(*grant, now, has_membership_))
            ended.push_back(*grant);
    for (const Grant &grant : ended) {
        const bool any_left = has_membership_.any(grant);
        // Another live grant of the same group may keep the membership.
        bool kept = false;
        for (const Grant *other : table_.of_user(grant.user))
            kept = kept || (other->id != grant.id && is_live(*other, now, has_membership_));
        if (!is_due(grant, now)) {
            // Its membership may be gone because we asked for that: the answer says so.
            if (ending_.contains(grant.id))
                continue;
            close(grant.id, Event::reconciled, "membership-gone",
                  describe(grant) + " ended early: its membership was taken away");
        } else if (!any_left || kept) {
            close(grant.id, Event::expired, "end", describe(grant) + " has ended");
        } else if (now.wall >= grant.until + overdue || now.boot >= grant.until_boot + overdue) {
            sys::write_journal(LOG_ALERT, describe(grant) + " outlives its end; the root helper is "
                                                            "asked to end it");
            // The helper knows best: a membership that stays though the grant is over there is of
            // other hands, and no reason to ask for ever.
            helper_.ask_end(
                {grant.id, "interrupted"},
                [this, id = grant.id](const ipc::EndReply *reply, const HelperFault &fault) {
                    const Grant *const over = table_.find(id);
                    if (over && (reply || fault.kind == HelperFault::Kind::not_found))
                        close(id, Event::expired, "end", describe(*over) + " has ended");
                });
        }
    }
    arm();
}

} // namespace jit::daemon
