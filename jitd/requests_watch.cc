// Who may begin a request, who joins one, and who leaves it.
#include "jitd/requests.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/records.h"
#include "jitd/request_replies.h"
#include "jitd/words.h"

namespace jit::daemon {

std::string Requests::why_not(const RequestFacts &facts)
{
    if (std::string no = attempts_.why_not(knock_of(facts), facts.began.boot); !no.empty())
        return no;
    if (waiting_.size() >= limits::pending_requests)
        return std::string{words::too_many_here};
    if (parts_.grants.table().size() >= limits::live_grants)
        return std::string{words::too_many_grants};
    return {};
}

Requests::OfUser Requests::of_user(const std::string &user) const
{
    const auto [first, last] = by_user_.equal_range(user);
    return {first, last};
}

void Requests::refuse(const Watcher &watcher, const RequestFacts &facts, const std::string &line)
{
    fail(watcher, ipc::Fault::too_many, line);
    parts_.audit.write_limited(refusal_of(facts, "too-many", line), facts.began.boot,
                               facts.origin.is_unproven);
}

void Requests::begin_or_join(RequestFacts facts, Watcher watcher)
{
    const std::string connection = facts.from->connection;
    const auto refused = logins_.find_refusal(connection, facts.user, facts.began.boot);
    if (!refused.empty())
        return fail(watcher, ipc::Fault::refused, refused);
    // Each watcher holds a connection. All of them together leave places for checks.
    if (watching_ >= limits::pending_requests)
        return fail(watcher, ipc::Fault::too_many, words::too_many_here);
    for (const auto &[user, waiting] : of_user(facts.user)) {
        const RequestFacts &other = waiting->session->facts();
        if (waiting->session->is_leaving() || other.role != facts.role ||
            other.origin != facts.origin)
            continue;
        const bool is_same = !facts.origin.is_unproven && other.extends == facts.extends &&
                             other.reason == facts.reason &&
                             (facts.extends.empty() ? other.asked == facts.asked
                                                    : other.extends_until == facts.extends_until);
        const bool has_room = waiting->watchers.size() < limits::watchers_of_one_request;
        if (is_same && has_room)
            return watch(*waiting, connection, std::move(watcher));
        // One code for each origin and role: two on one screen would be taken for each other. What
        // is approved shows none any more.
        if (!waiting->session->is_approved())
            return refuse(watcher, facts,
                          is_same ? std::string{words::too_many_follow}
                                  : words::other_waits(other.role, other.id));
    }
    if (const std::string no = why_not(facts); !no.empty())
        return refuse(watcher, facts, no);
    if (!sign_ins_.provider())
        return fail(watcher, ipc::Fault::misconfigured, words::misconfigured);

    if (facts.mode == policy::Approval::Mode::pim)
        if (const auto known = demands_.find(facts.entra->group); known != demands_.end())
            facts.entra.fill().claims = known->second;
    if (const Grant *const longer = parts_.grants.table().find(facts.extends)) {
        facts.extended_end = Now{longer->until, longer->until_boot};
        bound_by_extended(facts);
    }
    const std::string id = facts.id;
    const StoredRequest row = make_stored(facts);
    Attempts::Place place = attempts_.begin(knock_of(facts), facts.began.boot, facts.deadline);
    auto session = std::make_unique<Session>(std::move(facts));
    Actions begun = session->start();
    // The row with its first record, before the provider is asked: what cannot be recorded does not
    // happen.
    const auto *const requested = std::get_if<WriteRecord>(&begun.front());
    if (!requested || !parts_.audit.write(requested->record, &row))
        return fail(watcher, ipc::Fault::unavailable, words::no_ledger);
    begun.erase(begun.begin());
    Waiting &waiting = keep(std::move(session), std::move(place));
    watch(waiting, connection, std::move(watcher));
    perform(id, std::move(begun));
}

Requests::Waiting &Requests::keep(std::unique_ptr<Session> session, Attempts::Place place)
{
    Waiting &waiting = waiting_[session->facts().id];
    waiting.requests = this;
    waiting.session = std::move(session);
    waiting.place = std::move(place);
    by_user_.emplace(waiting.session->facts().user, &waiting);
    if (waiting.session->facts().is_held)
        waiting.login = std::make_unique<Login>();
    return waiting;
}

void Requests::watch(Waiting &waiting, const std::string &connection, Watcher watcher)
{
    const RequestFacts &facts = waiting.session->facts();
    if (waiting.login && waiting.login->connections.size() < limits::connections_of_one_login)
        waiting.login->connections.push_back(connection);
    if (waiting.session->is_approved())
        return watcher->reply_and_close(
            ipc::encode_request_reply(make_reply(ipc::Progress::approved, facts)));
    watcher->reply_and_continue(
        ipc::encode_request_reply(make_reply(ipc::Progress::pending, facts)));
    if (waiting.session->is_approving()) {
        ipc::RequestReply reply = make_awaiting_reply(*waiting.session);
        watcher->reply_and_continue(ipc::encode_request_reply(reply));
        if (std::string why = onlooker_.why ? onlooker_.why(facts.id) : ""; !why.empty()) {
            reply.message = std::move(why);
            watcher->reply_and_continue(ipc::encode_request_reply(reply));
        }
    }
    waiting.is_kept = false;
    if (const auto &code = waiting.session->code())
        watcher->reply_and_continue(ipc::encode_request_reply(make_code_reply(facts, *code)));
    // Called while the request is there, or not at all: its end answers all who watch. No more than
    // two pointers, which need no memory of their own.
    watcher->on_gone([waiting = &waiting, leaving = watcher.get()] {
        waiting->requests->leave(*waiting, leaving);
    });
    waiting.watchers.push_back({std::move(watcher)});
    ++watching_;
}

void Requests::leave(Waiting &waiting, const sys::Exchange *watcher)
{
    auto &watchers = waiting.watchers;
    const auto going = std::find_if(watchers.begin(), watchers.end(), [&](const Follower &other) {
        return other.exchange.get() == watcher;
    });
    if (going == watchers.end())
        return;
    // The last to go decides: who said no is told that it is cancelled, whoever left before.
    waiting.is_kept = going->stays_waiting;
    watchers.erase(going);
    --watching_;
    // What is approved waits for the next login; what others are asked for, for him who said so.
    if (watchers.empty() && !waiting.session->is_approved() && !waiting.is_kept)
        perform(waiting.session->facts().id,
                waiting.session->cancel(ipc::Cause::cancelled, std::string{words::cancelled}));
}

} // namespace jit::daemon
