// Who may begin a request, who joins one, and who leaves it.
#include "jitd/requests.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/request_replies.h"
#include "jitd/words.h"

namespace jit::daemon {

namespace {

// How often those are forgotten who have not asked for anything lately.
constexpr std::chrono::seconds between_forgettings{10};

} // namespace

void Requests::forget_begun(BootTime now)
{
    forgot_begun_ = now;
    for (auto entry = requesters_.begin(); entry != requesters_.end();) {
        Requester &requester = entry->second;
        std::erase_if(requester.begun,
                      [&](BootTime at) { return now - at >= limits::request_window; });
        const bool is_gone = requester.begun.empty() && requester.waiting.empty();
        entry = is_gone ? requesters_.erase(entry) : std::next(entry);
    }
}

std::string_view Requests::why_not(const std::string &payer, BootTime now)
{
    if (now - forgot_begun_ >= between_forgettings)
        forget_begun(now);
    if (const auto found = requesters_.find(payer); found != requesters_.end()) {
        const Requester &requester = found->second;
        const auto lately =
            std::count_if(requester.begun.begin(), requester.begun.end(),
                          [&](BootTime at) { return now - at < limits::request_window; });
        if (requester.waiting.size() >= limits::pending_of_one_requester ||
            lately >= limits::requests_in_window)
            return words::too_many_requests;
    }
    if (waiting_.size() >= limits::pending_requests)
        return words::too_many_here;
    if (parts_.grants.table().size() >= limits::live_grants)
        return words::too_many_grants;
    return {};
}

std::span<Requests::Waiting *const> Requests::of_payer(const std::string &payer) const
{
    const auto found = requesters_.find(payer);
    if (found == requesters_.end())
        return {};
    return found->second.waiting;
}

void Requests::begin_or_join(RequestFacts facts, Watcher watcher)
{
    const std::string connection = facts.connection;
    const auto refused = logins_.find_refusal(connection, facts.user, facts.began.boot);
    if (!refused.empty())
        return fail(watcher, ipc::Fault::refused, refused);
    // Each watcher holds a connection. All of them together leave places for checks.
    if (watching_ >= limits::pending_requests)
        return fail(watcher, ipc::Fault::too_many, words::too_many_here);
    for (Waiting *const waiting : of_payer(facts.payer)) {
        const RequestFacts &other = waiting->session->facts();
        const bool is_same = !waiting->session->is_leaving() && other.role == facts.role &&
                             other.extends == facts.extends && other.origin == facts.origin &&
                             other.reason == facts.reason &&
                             (facts.extends.empty() ? other.asked == facts.asked
                                                    : other.extends_until == facts.extends_until);
        if (is_same && waiting->watchers.size() < limits::watchers_of_one_request)
            return watch(*waiting, connection, std::move(watcher));
    }
    if (const std::string_view no = why_not(facts.payer, facts.began.boot); !no.empty())
        return fail(watcher, ipc::Fault::too_many, no);
    if (!provider_)
        return fail(watcher, ipc::Fault::misconfigured, words::misconfigured);

    const std::string id = facts.id;
    const StoredRequest row = make_stored(facts);
    Requester &requester = requesters_[facts.payer];
    requester.begun.push_back(facts.began.boot); // though it fail: that is written down too
    auto session = std::make_unique<Session>(std::move(facts));
    Actions begun = session->start();
    // The row with its first record, before the provider is asked: what cannot be recorded does not
    // happen.
    const auto *const requested = std::get_if<WriteRecord>(&begun.front());
    if (!requested || !parts_.audit.write(requested->record, &row))
        return fail(watcher, ipc::Fault::unavailable, words::no_ledger);
    begun.erase(begun.begin());
    Waiting &waiting = waiting_[session->facts().id];
    waiting.requests = this;
    waiting.session = std::move(session);
    requester.waiting.push_back(&waiting);
    watch(waiting, connection, std::move(watcher));
    perform(id, std::move(begun));
}

void Requests::watch(Waiting &waiting, const std::string &connection, Watcher watcher)
{
    const RequestFacts &facts = waiting.session->facts();
    if (facts.is_held && !waiting.login)
        waiting.login = std::make_unique<Login>();
    if (waiting.login && waiting.login->connections.size() < limits::connections_of_one_login)
        waiting.login->connections.push_back(connection);
    if (waiting.session->is_approved())
        return watcher->reply_and_close(
            ipc::encode_request_reply(make_reply(ipc::Progress::approved, facts)));
    watcher->reply_and_continue(
        ipc::encode_request_reply(make_reply(ipc::Progress::pending, facts)));
    if (const auto &code = waiting.session->code())
        watcher->reply_and_continue(ipc::encode_request_reply(make_code_reply(facts, *code)));
    // Called while the request is there, or not at all: its end answers all who watch. No more than
    // two pointers, which need no memory of their own.
    watcher->on_gone([waiting = &waiting, leaving = watcher.get()] {
        waiting->requests->leave(*waiting, leaving);
    });
    waiting.watchers.push_back(std::move(watcher));
    ++watching_;
}

void Requests::leave(Waiting &waiting, const sys::Exchange *watcher)
{
    watching_ -= std::erase_if(waiting.watchers,
                               [&](const Watcher &other) { return other.get() == watcher; });
    // What is approved waits for the next login.
    if (waiting.watchers.empty() && !waiting.session->is_approved())
        perform(waiting.session->facts().id,
                waiting.session->cancel(ipc::Cause::cancelled, std::string{words::cancelled}));
}

} // namespace jit::daemon
