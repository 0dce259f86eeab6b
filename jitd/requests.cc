#include "jitd/requests.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/words.h"

namespace jit::daemon {

namespace {

ipc::RequestReply make_reply(ipc::Progress state, const RequestFacts &facts)
{
    ipc::RequestReply reply;
    reply.state = state;
    reply.id = facts.id;
    reply.role = facts.role;
    reply.host = facts.host;
    reply.duration = facts.duration;
    return reply;
}

ipc::RequestReply make_code_reply(const RequestFacts &facts, const ShowCode &code)
{
    ipc::RequestReply reply = make_reply(ipc::Progress::code, facts);
    reply.uri = code.uri;
    reply.code = code.user_code;
    if (code.is_again)
        reply.message = words::again;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(code.expires - boot_time());
    reply.expires = std::max(left, std::chrono::seconds{1});
    return reply;
}

StoredRequest make_stored(const RequestFacts &facts)
{
    StoredRequest stored;
    stored.id = facts.id;
    stored.role = facts.role;
    stored.user = facts.user;
    stored.uid = facts.uid;
    stored.oid = facts.oid;
    stored.groups = facts.groups;
    stored.host = facts.host;
    stored.service = facts.origin.service;
    stored.tty = facts.origin.tty;
    stored.reason = facts.reason.value_or("");
    stored.began = facts.began.wall;
    stored.deadline = facts.deadline_wall;
    return stored;
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

} // namespace

Result<std::unique_ptr<Requests>> Requests::make(Parts parts)
{
    sd_event *const loop = parts.loop;
    std::unique_ptr<Requests> made{new Requests(std::move(parts))};
    Requests *const self = made.get();
    made->sweep_ = TRY(sys::Later::make(loop, [self] {
        std::erase_if(self->waiting_,
                      [](const auto &entry) { return entry.second.session->is_closed(); });
    }));
    return made;
}

void Requests::set_provider(net::HttpClient *http)
{
    cancel_all(ipc::Cause::cancelled, std::string{words::config_changed});
    http_ = http;
    provider_.reset();
    if (http)
        provider_ = std::make_unique<ProviderCache>(*http, parts_.settings.expected);
}

std::string_view Requests::why_not(const std::string &user, BootTime now)
{
    for (auto &[name, times] : begun_)
        while (!times.empty() && now - times.front() >= limits::request_window)
            times.pop_front();
    std::erase_if(begun_, [](const auto &entry) { return entry.second.empty(); });
    const auto of_user = std::count_if(waiting_.begin(), waiting_.end(), [&](const auto &entry) {
        return entry.second.session->facts().user == user;
    });
    if (static_cast<std::size_t>(of_user) >= limits::pending_of_one_requester)
        return words::too_many_requests;
    const auto times = begun_.find(user);
    if (times != begun_.end() && times->second.size() >= limits::requests_in_window)
        return words::too_many_requests;
    if (waiting_.size() >= limits::pending_requests)
        return words::too_many_here;
    if (parts_.grants.table().size() + waiting_.size() >= limits::live_grants)
        return words::too_many_grants;
    return {};
}

void Requests::begin_or_join(RequestFacts facts, Watcher watcher)
{
    // Each watcher holds a connection. All of them together leave places for checks.
    std::size_t watching = 0;
    for (const auto &[id, waiting] : waiting_)
        watching += waiting.watchers.size();
    if (watching >= limits::pending_requests)
        return fail(watcher, ipc::Fault::too_many, words::too_many_here);
    for (auto &[id, waiting] : waiting_) {
        const RequestFacts &other = waiting.session->facts();
        const bool is_same = !waiting.session->is_leaving() && other.user == facts.user &&
                             other.role == facts.role && other.origin == facts.origin &&
                             other.asked == facts.asked && other.reason == facts.reason;
        if (is_same && waiting.watchers.size() < limits::watchers_of_one_request)
            return watch(id, waiting, std::move(watcher));
    }
    if (const std::string_view no = why_not(facts.user, facts.began.boot); !no.empty())
        return fail(watcher, ipc::Fault::too_many, no);
    if (!provider_)
        return fail(watcher, ipc::Fault::misconfigured, words::misconfigured);

    const std::string id = facts.id;
    Waiting made;
    made.stored = make_stored(facts);
    auto timer = sys::Timer::make(parts_.loop, [this, id] {
        if (const auto found = waiting_.find(id); found != waiting_.end())
            perform(id, found->second.session->on_time(boot_time()));
    });
    begun_[facts.user].push_back(facts.began.boot); // though it fail: that is written down too
    made.session = std::make_unique<Session>(std::move(facts));
    Actions begun = made.session->start();
    // The row with its first record, before the provider is asked: what cannot be recorded does not
    // happen.
    const auto *const requested = std::get_if<WriteRecord>(&begun.front());
    if (!timer || !requested || !parts_.audit.write(requested->record, &made.stored))
        return fail(watcher, ipc::Fault::unavailable, words::no_ledger);
    begun.erase(begun.begin());
    made.wake = *std::move(timer);
    Waiting &waiting = waiting_.emplace(id, std::move(made)).first->second;
    watch(id, waiting, std::move(watcher));
    perform(id, std::move(begun));
}

void Requests::watch(const std::string &id, Waiting &waiting, Watcher watcher)
{
    const RequestFacts &facts = waiting.session->facts();
    watcher->reply_and_continue(
        ipc::encode_request_reply(make_reply(ipc::Progress::pending, facts)));
    if (const auto &code = waiting.session->code())
        watcher->reply_and_continue(ipc::encode_request_reply(make_code_reply(facts, *code)));
    const sys::Exchange *const leaving = watcher.get();
    watcher->on_gone([this, id, leaving] { leave(id, leaving); });
    waiting.watchers.push_back(std::move(watcher));
}

void Requests::leave(const std::string &id, const sys::Exchange *watcher)
{
    const auto found = waiting_.find(id);
    if (found == waiting_.end())
        return;
    std::erase_if(found->second.watchers,
                  [&](const Watcher &other) { return other.get() == watcher; });
    if (found->second.watchers.empty())
        perform(id, found->second.session->cancel(ipc::Cause::cancelled,
                                                  std::string{words::cancelled}));
}

Result<void> Requests::cancel(const std::string &id, ipc::Cause cause, std::string message)
{
    const auto found = waiting_.find(id);
    if (found == waiting_.end() || found->second.session->is_closed())
        return Error{Code::not_found, "no such request waits"};
    perform(id, found->second.session->cancel(cause, std::move(message)));
    return {};
}

void Requests::cancel_all(ipc::Cause cause, const std::string &message)
{
    std::vector<std::string> ids;
    for (const auto &[id, waiting] : waiting_)
        ids.push_back(id);
    for (const std::string &id : ids)
        (void)cancel(id, cause, message); // closed ones are left as they are
}

const RequestFacts *Requests::find(const std::string &id) const
{
    const auto found = waiting_.find(id);
    return found == waiting_.end() || found->second.session->is_closed()
               ? nullptr
               : &found->second.session->facts();
}

std::vector<const RequestFacts *> Requests::all() const
{
    std::vector<const RequestFacts *> found;
    for (const auto &[id, waiting] : waiting_)
        if (!waiting.session->is_closed())
            found.push_back(&waiting.session->facts());
    return found;
}

void Requests::perform(const std::string &id, Actions actions)
{
    for (Action &action : actions) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end())
            return;
        Waiting &waiting = found->second;
        if (auto *record = std::get_if<WriteRecord>(&action)) {
            waiting.is_recorded = parts_.audit.write(record->record) && waiting.is_recorded;
        } else if (auto *wake = std::get_if<WakeAt>(&action)) {
            waiting.wake->set(wake->at);
        } else if (auto *code = std::get_if<ShowCode>(&action)) {
            const auto reply =
                ipc::encode_request_reply(make_code_reply(waiting.session->facts(), *code));
            for (const Watcher &watcher : waiting.watchers)
                watcher->reply_and_continue(reply);
        } else if (auto *send = std::get_if<SendHttp>(&action)) {
            waiting.transfer =
                http_->send(std::move(send->request), [this, id](oidc::HttpReply reply) {
                    if (const auto asking = waiting_.find(id); asking != waiting_.end()) {
                        asking->second.transfer = 0;
                        perform(id, asking->second.session->on_reply(reply, boot_time()));
                    }
                });
        } else if (std::holds_alternative<FindParty>(action)) {
            find_party(id);
        } else if (auto *keys = std::get_if<FindKeys>(&action)) {
            find_keys(id, keys->refresh);
        } else if (auto *kept = std::get_if<KeepPin>(&action)) {
            keep_pin(id, std::move(kept->pin));
        } else if (std::holds_alternative<AskRules>(action)) {
            with_rules(id, [&](const Rules &rules) { return waiting.session->on_rules(rules); });
        } else if (std::holds_alternative<AskGrant>(action)) {
            ask_grant(id);
        } else if (std::holds_alternative<TakeBack>(action)) {
            end_surely(waiting);
        } else if (auto *grant = std::get_if<RecordGrant>(&action)) {
            perform(id, waiting.session->on_recorded(record_grant(waiting, grant->record)));
        } else if (auto *done = std::get_if<Close>(&action)) {
            close(waiting, *done);
        }
    }
}

Result<void> Requests::hurry(const std::string &id)
{
    const auto found = waiting_.find(id);
    if (found == waiting_.end() || found->second.session->is_closed())
        return Error{Code::not_found, "no such request waits"};
    perform(id, found->second.session->hurry(boot_time()));
    return {};
}

bool Requests::store_state(Waiting &waiting, ipc::State state, std::string cause)
{
    waiting.stored.state = state;
    waiting.stored.cause = std::move(cause);
    return parts_.store.put(waiting.stored).has_value();
}

void Requests::ask_grant(const std::string &id)
{
    Waiting &waiting = waiting_.at(id);
    const RequestFacts &facts = waiting.session->facts();
    waiting.stored.asked_helper = true;
    waiting.stored.oid = facts.oid; // perhaps it was not known before the sign-in
    waiting.stored.approver_oid = facts.oid;
    // Nobody gets a role whose request or approval is missing in the ledger.
    if (!waiting.is_recorded || !store_state(waiting, ipc::State::pending_signin, ""))
        return perform(id, waiting.session->on_grant_failed(ipc::Cause::failed,
                                                            std::string{words::no_ledger}));
    parts_.helper.ask_grant(
        {id, facts.user, facts.role, facts.oid, facts.duration, parts_.settings.policy_digest},
        [this, id](const ipc::GrantReply *reply, const HelperFault &fault) {
            const auto found = waiting_.find(id);
            if (found == waiting_.end())
                return;
            if (reply)
                return on_granted(id, *reply);
            const bool is_stale = fault.kind == HelperFault::Kind::policy_mismatch;
            const auto cause = is_stale ? ipc::Cause::policy_changed
                               : fault.kind == HelperFault::Kind::refused ? ipc::Cause::refused
                                                                          : ipc::Cause::failed;
            // No answer is not a no: the grant may be there.
            if (fault.kind == HelperFault::Kind::unavailable)
                end_surely(found->second);
            perform(id, found->second.session->on_grant_failed(cause, fault.message));
            if (is_stale)
                parts_.policy_is_stale();
        });
}

// The row stays open in the ledger until the helper has answered.
void Requests::end_surely(const Waiting &waiting)
{
    const std::string id = waiting.stored.id;
    owed_[id] = waiting.stored;
    parts_.helper.end_surely({id, "interrupted"},
                             [this, id](const ipc::EndReply *, const HelperFault &) {
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
    StoredRequest &stored = waiting.stored;
    stored.groups = reply.groups;
    stored.since = reply.since;
    stored.until = reply.until;
    stored.until_boot = now.boot + (reply.until - now.wall);
    stored.boot_id = parts_.grants.boot_id();
    perform(id, waiting.session->on_granted(reply.since, reply.until, reply.groups));
}

// Nobody has a role whose grant is missing in the ledger, and none is there without its record.
bool Requests::record_grant(Waiting &waiting, const AuditRecord &record)
{
    StoredRequest live = waiting.stored;
    live.state = ipc::State::live;
    live.cause.clear();
    if (!parts_.audit.write(record, &live))
        return false;
    waiting.stored = std::move(live);
    return true;
}

void Requests::close(Waiting &waiting, const Close &close)
{
    waiting.wake->stop();
    if (waiting.transfer != 0 && http_)
        http_->cancel(std::exchange(waiting.transfer, 0));
    const RequestFacts &facts = waiting.session->facts();
    ipc::RequestReply reply =
        make_reply(close.cause ? ipc::Progress::denied : ipc::Progress::granted, facts);
    if (close.cause) {
        reply.cause = close.cause;
        reply.message = close.message;
        waiting.stored.since.reset();
        waiting.stored.until.reset();
        // A row that stays open is mended at the next start.
        if (const auto owed = owed_.find(facts.id); owed != owed_.end()) {
            // As a request that may have been granted: never as live, should we be killed now.
            (void)store_state(waiting, ipc::State::pending_signin, "");
            owed->second = waiting.stored;
            owed->second.state = state_of(*close.cause);
            owed->second.cause = ipc::name_of(*close.cause);
        } else
            (void)store_state(waiting, state_of(*close.cause),
                              std::string{ipc::name_of(*close.cause)});
    } else {
        reply.until = waiting.session->until();
        reply.groups = facts.groups;
        parts_.grants.add(make_grant(waiting.stored));
    }
    const ipc::Json parameters = ipc::encode_request_reply(reply);
    for (const Watcher &watcher : std::exchange(waiting.watchers, {}))
        watcher->reply_and_close(parameters);
    sweep_->schedule();
}

} // namespace jit::daemon
