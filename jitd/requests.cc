#include "jitd/requests.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/records.h"
#include "jitd/request_replies.h"
#include "jitd/words.h"
#include "lib/sys/random.h"

namespace jit::daemon {

namespace {

// A poll is answered to a person who waits for it.
constexpr std::chrono::microseconds wake_accuracy{250};
// Requests that are woken in one turn: who calls meanwhile does not wait for a crowd of them.
constexpr int woken_in_a_turn = 4;

// Whether the outside knows nothing of it before a write to the ledger that is made with it.
bool may_precede_the_disk(const Action &action)
{
    return std::holds_alternative<WriteRecord>(action) || std::holds_alternative<WakeAt>(action) ||
           std::holds_alternative<KeepPin>(action) || std::holds_alternative<AskRules>(action) ||
           std::holds_alternative<Await>(action) || std::holds_alternative<AskGrant>(action) ||
           std::holds_alternative<RecordGrant>(action) || std::holds_alternative<Close>(action);
}

} // namespace

Result<std::unique_ptr<Requests>> Requests::make(Parts parts)
{
    sd_event *const loop = parts.loop;
    auto activations = TRY(Activations::make({loop, parts.audit, parts.grants}));
    std::unique_ptr<Requests> made{new Requests(std::move(parts))};
    Requests *const self = made.get();
    made->activations_ = std::move(activations);
    // The host looks on by itself then, and says when it can't (activation_watch.h).
    made->activations_->on_other_eyes([&settings = made->parts_.settings](const Grant &) {
        return settings.config && settings.config->credential != policy::Config::Credential::none;
    });
    made->sweep_ = TRY(sys::Later::make(loop, [self] { self->sweep(); }));
    made->poke_ = TRY(sys::Timer::make(loop, [self] { self->keep_helper_awake(); }));
    made->wake_ = TRY(sys::Timer::make(
        loop, [self] { self->wake_some(); }, sys::Turn::usual, wake_accuracy));
    made->write_again_ = TRY(sys::Timer::make(loop, [self] { self->end_late(); }));
    made->look_at_extended_ = TRY(sys::Later::make(loop, [self] { self->look_at_extended(); }));
    made->parts_.grants.on_change([look = std::weak_ptr{made->look_at_extended_}] {
        if (const auto later = look.lock())
            later->schedule();
    });
    made->fetch_again_ = TRY(sys::Timer::make(loop, [self] {
        if (ProviderCache *const provider = self->sign_ins_.provider())
            provider->on_time(boot_time());
    }));
    made->missed_ = TRY(sys::Timer::make(loop, [self] { self->look_for_missed(); }));
    return made;
}

void Requests::sweep()
{
    for (const std::string &id : std::exchange(closed_, {})) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end())
            continue;
        Waiting &waiting = found->second;
        sleep_on(waiting);
        const auto [first, last] = by_user_.equal_range(waiting.session->facts().user);
        by_user_.erase(std::find_if(
            first, last, [&](const ByUser::value_type &one) { return one.second == &waiting; }));
        waiting_.erase(found);
    }
}

void Requests::wake_at(Waiting &waiting, BootTime at)
{
    sleep_on(waiting);
    waiting.wake = wakes_.emplace(at, &waiting);
    if (*waiting.wake == wakes_.begin())
        wake_->set(at);
}

void Requests::sleep_on(Waiting &waiting)
{
    if (waiting.wake)
        wakes_.erase(*waiting.wake);
    waiting.wake.reset();
}

void Requests::wake_some()
{
    const BootTime now = boot_time();
    for (int i = 0; i < woken_in_a_turn && !wakes_.empty() && wakes_.begin()->first <= now; ++i) {
        Waiting &waiting = *wakes_.begin()->second;
        sleep_on(waiting);
        SignIns::wake(*this, waiting.session->facts().id);
    }
    if (!wakes_.empty())
        wake_->set(wakes_.begin()->first);
}

void Requests::set_provider(net::HttpClient *http)
{
    cancel_all(ipc::Cause::cancelled, std::string{words::config_changed});
    activations_->set_http(http);
    fetch_again_->stop();
    sign_ins_.set_provider(http, [this](BootTime at) { fetch_again_->set(at); });
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
        ids.emplace_back(id);
    for (const std::string &id : ids)
        (void)cancel(id, cause, message); // closed ones are left as they are
}

const Session *Requests::find(const std::string &id) const
{
    const auto found = waiting_.find(id);
    return found == waiting_.end() || found->second.session->is_closed()
               ? nullptr
               : found->second.session.get();
}

std::vector<const Session *> Requests::all() const
{
    std::vector<const Session *> found;
    for (const auto &[id, waiting] : waiting_)
        if (!waiting.session->is_closed())
            found.push_back(waiting.session.get());
    return found;
}

std::optional<SignIns::Seat> Requests::find_seat(const std::string &id)
{
    const auto found = waiting_.find(id);
    if (found == waiting_.end())
        return std::nullopt;
    return SignIns::Seat{*found->second.session, found->second.transfer};
}

bool Requests::has_passed_on(const std::string &id, const oidc::HttpReply &reply)
{
    return activations_->on_late_reply(id, reply);
}

// Who waits hears that it takes longer.
Patience Requests::patience_of(const std::string &id)
{
    const auto put_off = [this, id](BootTime again) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end() || found->second.session->is_closed())
            return;
        ipc::RequestReply reply =
            make_reply(ipc::Progress::pending, found->second.session->facts());
        reply.message =
            words::provider_silent(std::chrono::ceil<std::chrono::seconds>(again - boot_time()));
        const auto told = ipc::encode_request_reply(reply);
        for (const Follower &one : found->second.watchers)
            one.exchange->reply_and_continue(told);
    };
    return {waiting_.at(id).session->facts().deadline, put_off};
}

void Requests::perform(const std::string &id, Actions actions)
{
    // Who has signed in, that he was found, and that it is approved: one wait for the disk.
    const Store::Turn turn{parts_.store};
    for (Action &action : actions) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end())
            return;
        Waiting &waiting = found->second;
        if (!may_precede_the_disk(action))
            parts_.store.settle();
        if (sign_ins_.perform(*this, id, action))
            continue;
        if (auto *record = std::get_if<WriteRecord>(&action);
            record && record->ends && waiting.stored && !waiting.stored->kept.empty()) {
            end_kept(waiting, *record);
        } else if (record) {
            parts_.audit.write_soon(std::move(record->record), [this, id] {
                if (const auto unrecorded = waiting_.find(id); unrecorded != waiting_.end())
                    unrecorded->second.is_recorded = false;
            });
        } else if (auto *wake = std::get_if<WakeAt>(&action)) {
            wake_at(waiting, wake->at);
        } else if (auto *code = std::get_if<ShowCode>(&action)) {
            const auto reply =
                ipc::encode_request_reply(make_code_reply(waiting.session->facts(), *code));
            for (const Follower &one : waiting.watchers)
                one.exchange->reply_and_continue(reply);
            if (!poke_->is_set())
                keep_helper_awake();
        } else if (std::holds_alternative<AskTrial>(action)) {
            ask_trial(id);
        } else if (auto *others = std::get_if<Await>(&action)) {
            await(id, others->record);
        } else if (std::holds_alternative<Hold>(action)) {
            answer_all(waiting, make_reply(ipc::Progress::approved, waiting.session->facts()));
        } else if (auto *grant = std::get_if<AskGrant>(&action)) {
            ask_grant(id, *grant);
        } else if (std::holds_alternative<TakeBack>(action)) {
            end_surely(waiting);
        } else if (auto *granted = std::get_if<RecordGrant>(&action)) {
            perform(id, waiting.session->on_recorded(record_grant(waiting, granted->record)));
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
    SignIns::hurry(*this, id);
    note_watched(*found->second.session);
    return {};
}

StoredRequest &Requests::stored_of(Waiting &waiting)
{
    if (!waiting.stored)
        waiting.stored = std::make_unique<StoredRequest>(make_stored(waiting.session->facts()));
    return *waiting.stored;
}

bool Requests::store_state(Waiting &waiting, ipc::State state, std::string cause)
{
    StoredRequest &stored = stored_of(waiting);
    stored.state = state;
    stored.cause = std::move(cause);
    return parts_.store.put(stored).has_value();
}

void Requests::close(Waiting &waiting, const Close &close)
{
    sleep_on(waiting);
    if (waiting.stored)
        waiting.stored->kept.clear();
    settle_activation(waiting, close);
    sign_ins_.cancel(waiting.transfer);
    const RequestFacts &facts = waiting.session->facts();
    ipc::RequestReply reply =
        make_reply(close.cause ? ipc::Progress::denied : ipc::Progress::granted, facts);
    if (close.cause) {
        reply.cause = close.cause;
        reply.message = close.message;
        stored_of(waiting).since.reset();
        stored_of(waiting).until.reset();
        // A row that stays open is mended at the next start.
        if (const auto owed = owed_.find(facts.id); owed != owed_.end()) {
            // As a request that may have been granted: never as live, should we be killed now.
            (void)store_state(waiting, ipc::State::pending_signin, "");
            owed->second = stored_of(waiting);
            owed->second.state = state_of(*close.cause);
            owed->second.cause = ipc::name_of(*close.cause);
        } else
            (void)store_state(waiting, state_of(*close.cause),
                              std::string{ipc::name_of(*close.cause)});
    } else {
        reply.until = waiting.session->until();
        reply.groups = facts.groups;
        reply.confine = facts.ends_runs;
        if (facts.extends.empty()) {
            parts_.grants.add(make_grant(stored_of(waiting)));
            if (!facts.is_held && !facts.from->connection.empty())
                let_in(facts.from->connection, facts.user, facts.id, "", true);
        } else
            parts_.grants.extend(facts.extends, reply.until.value_or(WallTime{}),
                                 stored_of(waiting).activation, stored_of(waiting).approver_oid);
    }
    answer_all(waiting, reply);
    if (waiting.login)
        end_login(waiting, close.cause ? &close.message : nullptr);
    closed_.push_back(facts.id);
    sweep_->schedule();
    if (over_)
        over_(facts.id);
}

// Mode pim: what is left in Entra once the request has ended here.
void Requests::settle_activation(Waiting &waiting, const Close &close)
{
    Session &session = *waiting.session;
    const RequestFacts &facts = session.facts();
    if (facts.mode != policy::Approval::Mode::pim)
        return;
    parts_.store.settle(); // Entra may be told of the end
    // What the group demanded is asked for at once the next time, as long as it helps.
    if (!close.cause && !facts.entra->claims.empty()) {
        if (demands_.size() >= limits::demanding_groups && !demands_.contains(facts.entra->group))
            demands_.erase(demands_.begin());
        demands_[facts.entra->group] = facts.entra->claims;
    } else if (close.cause && *close.cause != ipc::Cause::cancelled) {
        demands_.erase(facts.entra->group);
    }
    auto asked = session.take_activation();
    auto activator = session.take_activator();
    // Another terminal's request goes on with it: whoever goes last takes back what was made here.
    const bool is_ours = activator || (asked && asked->may_be_ours());
    if (close.cause && (asked || activator))
        for (const auto &[id, other] : waiting_)
            if (other.session->shares_activation(session)) {
                if (is_ours)
                    other.session->inherit_activation();
                asked.reset();
                activator.reset();
            }
    if (asked)
        activations_->take_back({facts.id, facts.role, facts.user}, std::move(asked),
                                std::exchange(waiting.transfer, 0));
    if (activator) {
        if (close.cause)
            activations_->give_back({facts.id, facts.role, facts.user}, std::move(*activator));
        else
            activations_->watch(facts.extends.empty() ? facts.id : facts.extends,
                                std::move(*activator), session.was_active());
    }
}

void Requests::answer_all(Waiting &waiting, const ipc::RequestReply &reply)
{
    const ipc::Json parameters = ipc::encode_request_reply(reply);
    watching_ -= waiting.watchers.size();
    for (const Follower &one : std::exchange(waiting.watchers, {}))
        one.exchange->reply_and_close(parameters);
}

} // namespace jit::daemon
