#include "jitd/approvals.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/request_replies.h"
#include "jitd/words.h"
#include "lib/sys/random.h"

namespace jit::daemon {

Result<std::unique_ptr<Approvals>> Approvals::make(const Parts &parts)
{
    sd_event *const loop = parts.loop;
    std::unique_ptr<Approvals> made{new Approvals(parts)};
    Approvals *const self = made.get();
    made->sweep_ = TRY(sys::Later::make(loop, [self] { self->over_.clear(); }));
    made->again_timer_ = TRY(sys::Timer::make(loop, [self] { self->begin_again(); }));
    return made;
}

ipc::RequestReply Approvals::make_reply(ipc::Progress state, const ApprovalFacts &facts)
{
    ipc::RequestReply reply;
    reply.state = state;
    reply.id = facts.id;
    reply.role = facts.role;
    return reply;
}

std::optional<Approvals::Key> Approvals::open(ApprovalFacts facts, uid_t uid,
                                              const Watcher &watcher)
{
    const Key key = ++last_;
    auto timer = sys::Timer::make(
        parts_.loop, [this, key] { perform(key, talks_.at(key).approval->on_time(boot_time())); });
    if (!timer) {
        if (watcher)
            fail(watcher, ipc::Fault::unavailable, timer.error().what);
        return std::nullopt;
    }
    Talk &talk = talks_[key];
    talk.approval = std::make_unique<Approval>(std::move(facts));
    talk.uid = uid;
    talk.timer = *std::move(timer);
    talk.watcher = watcher;
    return key;
}

void Approvals::begin(ApprovalFacts facts, const Watcher &watcher)
{
    const uid_t uid = watcher->peer().uid;
    const auto of_user = std::count_if(talks_.begin(), talks_.end(), [&](const auto &one) {
        return one.second.watcher && one.second.uid == uid;
    });
    if (count(false) >= limits::approvals_at_once ||
        static_cast<std::size_t>(of_user) >= limits::approvals_of_one_user)
        return fail(watcher, ipc::Fault::too_many, words::too_many_approve);
    // Each asks the provider for a code, and is on record.
    const Knock knock{facts.user, "", false};
    const BootTime now = boot_time();
    if (const std::string no = attempts_.why_not(knock, now); !no.empty())
        return fail(watcher, ipc::Fault::too_many, no);
    if (!parts_.requests.provider().cache)
        return fail(watcher, ipc::Fault::misconfigured, words::misconfigured);
    const BootTime deadline = facts.deadline;
    const auto key = open(std::move(facts), uid, watcher);
    if (!key)
        return;
    talks_.at(*key).place = attempts_.begin(knock, now, deadline);
    watcher->on_gone([this, key = *key] {
        if (const auto found = talks_.find(key); found != talks_.end())
            perform(key, found->second.approval->cancel(ipc::Cause::cancelled,
                                                        std::string{words::cancelled}));
    });
    perform(*key, talks_.at(*key).approval->start());
}

std::size_t Approvals::count(bool by_notice) const
{
    return static_cast<std::size_t>(
        std::count_if(talks_.begin(), talks_.end(), [&](const auto &one) {
            return (one.second.watcher == nullptr) == by_notice;
        }));
}

void Approvals::plead(const Session &session, const StoredRequest &row, bool is_new)
{
    if (!parts_.notices)
        return;
    if (is_new)
        parts_.notices->tell_waiting(session.make_plea(), row, Notices::Whom::without_codes);
    if (!parts_.notices->has_codes())
        return;
    by_notice_[session.facts().id].is_told = !is_new;
    begin_by_notice(session.facts().id);
}

void Approvals::tell_with_codes(const std::string &request)
{
    by_notice_[request].is_told = true;
    const Session *const session = parts_.requests.find_approving(request);
    if (const auto row = parts_.requests.read_row(request); row && session)
        parts_.notices->tell_waiting(session->make_plea(), *row, Notices::Whom::with_codes);
}

// Whoever reads the channel may use a code up; so many are made, and then `jitctl approve` is left.
void Approvals::begin_by_notice(const std::string &request)
{
    const Session *const session = parts_.requests.find_approving(request);
    if (!session || !parts_.notices->has_codes() ||
        by_notice_[request].used_up >= limits::approvals_by_notice)
        return;
    if (!parts_.requests.provider().cache || count(true) >= limits::notice_codes_at_once) {
        if (!by_notice_[request].is_told)
            tell_with_codes(request);
        return try_again(request, limits::code_again_most);
    }
    const RequestFacts &waiting = session->facts();
    ApprovalFacts facts;
    facts.id = waiting.id;
    facts.role = waiting.role;
    facts.requester = waiting.user;
    facts.requester_uid = waiting.uid;
    facts.requester_oid = waiting.oid;
    facts.auth_context = waiting.auth_context;
    facts.began = read_clocks();
    facts.deadline = waiting.deadline;
    if (const auto key = open(std::move(facts), 0, nullptr))
        perform(*key, talks_.at(*key).approval->start());
}

void Approvals::try_again(const std::string &request, std::chrono::seconds pause)
{
    again_.emplace(boot_time() + pause, request);
    again_timer_->set(again_.begin()->first);
}

void Approvals::begin_again()
{
    const BootTime now = boot_time();
    std::vector<std::string> due;
    while (!again_.empty() && again_.begin()->first <= now) {
        due.push_back(again_.begin()->second);
        again_.erase(again_.begin());
    }
    for (const std::string &request : due)
        begin_by_notice(request);
    if (!again_.empty())
        again_timer_->set(again_.begin()->first);
}

// Another approver may be wanted, and what a stranger used up changes nothing. What the provider
// did not give is asked for again, with growing pauses.
void Approvals::after_notice(const ApprovalFacts &facts, const Close &close)
{
    parts_.notices->forget_code(facts.id);
    const auto found = by_notice_.find(facts.id);
    if (found == by_notice_.end() || close.cause == ipc::Cause::cancelled ||
        close.cause == ipc::Cause::timed_out)
        return;
    ByNotice &state = found->second;
    const bool is_used_up = !close.cause || close.cause == ipc::Cause::declined ||
                            close.cause == ipc::Cause::refused ||
                            close.cause == ipc::Cause::wrong_person;
    if (is_used_up) {
        ++state.used_up;
        state.pause = {};
        return try_again(facts.id, std::chrono::seconds{0});
    }
    if (!state.is_told)
        tell_with_codes(facts.id);
    state.pause = std::clamp(state.pause * 2, limits::code_again, limits::code_again_most);
    try_again(facts.id, state.pause);
}

void Approvals::perform(Key key, Actions actions)
{
    for (Action &action : actions) {
        const auto found = talks_.find(key);
        if (found == talks_.end())
            return;
        Talk &talk = found->second;
        if (auto *record = std::get_if<WriteRecord>(&action);
            record && record->record.event == Event::refused)
            parts_.audit.write_limited(record->record, boot_time());
        else if (record)
            talk.is_recorded = parts_.audit.write(record->record) && talk.is_recorded;
        else if (auto *wake = std::get_if<WakeAt>(&action))
            talk.timer->set(wake->at);
        else if (auto *code = std::get_if<ShowCode>(&action))
            show(talk, *code);
        else if (auto *request = std::get_if<SendHttp>(&action))
            send(key, std::move(request->request));
        else if (auto *party = std::get_if<FindParty>(&action))
            find_party(key, party->purpose);
        else if (auto *keys = std::get_if<FindKeys>(&action))
            find_keys(key, keys->refresh);
        else if (auto *kept = std::get_if<KeepPin>(&action))
            keep_pin(key, std::move(kept->pin));
        else if (std::holds_alternative<AskRules>(action))
            with_rules(key, [&](const Rules &rules) { return talk.approval->on_rules(rules); });
        else if (auto *said = std::get_if<Say>(&action))
            say(key, said->by);
        else if (auto *done = std::get_if<Close>(&action))
            close(key, *done);
    }
}

void Approvals::show(Talk &talk, const ShowCode &code)
{
    const ApprovalFacts &facts = talk.approval->facts();
    if (!talk.watcher) {
        parts_.notices->keep_code(facts.id, {code.uri, SecretString{code.user_code}});
        return tell_with_codes(facts.id);
    }
    ipc::RequestReply reply = make_reply(ipc::Progress::code, facts);
    show_code(reply, code);
    talk.watcher->reply_and_continue(ipc::encode_request_reply(reply));
}

void Approvals::send(Key key, oidc::HttpRequest request)
{
    talks_.at(key).transfer = parts_.requests.provider().http->send(
        std::move(request), [this, key](oidc::HttpReply reply) {
            if (const auto found = talks_.find(key); found != talks_.end()) {
                found->second.transfer = 0;
                perform(key, found->second.approval->on_reply(reply, boot_time()));
            }
        });
}

void Approvals::find_party(Key key, Purpose purpose)
{
    ProviderCache &cache = *parts_.requests.provider().cache;
    cache.find_party(
        boot_time(), purpose,
        [this, key](std::shared_ptr<const oidc::Party> party, oidc::Failure failure,
                    const char *why) {
            const auto found = talks_.find(key);
            if (found == talks_.end())
                return;
            Approval &approval = *found->second.approval;
            auto flow_id = sys::make_guid();
            if (!party || !flow_id)
                return perform(
                    key, approval.on_provider_failed(party ? oidc::Failure::broken : failure, why));
            perform(key, approval.on_party(std::move(party), *std::move(flow_id), boot_time()));
        });
}

void Approvals::find_keys(Key key, bool refresh)
{
    ProviderCache &cache = *parts_.requests.provider().cache;
    cache.find_keys(boot_time(), refresh,
                    [this, key](const oidc::KeySet *keys, oidc::Failure failure) {
                        const auto found = talks_.find(key);
                        if (found == talks_.end())
                            return;
                        Approval &approval = *found->second.approval;
                        if (!keys)
                            return perform(key, approval.on_provider_failed(failure, ""));
                        with_rules(key, [&](const Rules &rules) {
                            return approval.on_keys(*keys, rules, wall_time());
                        });
                    });
}

void Approvals::with_rules(Key key, const std::function<Actions(const Rules &)> &judge)
{
    Approval &approval = *talks_.at(key).approval;
    const Settings &settings = parts_.settings;
    if (!settings.policy || !settings.config)
        return perform(key,
                       approval.cancel(ipc::Cause::policy_changed, std::string{words::no_policy}));
    const std::vector<std::string> none; // local groups approve nothing
    perform(key,
            judge(Rules{*settings.policy, settings.host, settings.config->skew, none,
                        *parts_.requests.provider().seen, parts_.pins.find(approval.facts().user),
                        settings.config->pin == policy::Config::Pin::root, wall_time(), boot_time(),
                        &*settings.config}));
}

void Approvals::keep_pin(Key key, Pin pin)
{
    pin.since = wall_time();
    const auto kept = parts_.pins.put(pin);
    const Pin *const there = parts_.pins.find(pin.user);
    const bool is_kept = kept || (there != nullptr && there->oid == pin.oid);
    with_rules(key, [&](const Rules &rules) {
        return talks_.at(key).approval->on_pinned(is_kept, rules);
    });
}

void Approvals::say(Key key, const GivenApproval &by)
{
    Talk &talk = talks_.at(key);
    const ApprovalFacts facts = talk.approval->facts();
    // What is said without a record of who signed in is not said.
    if (!talk.is_recorded)
        return perform(key,
                       talk.approval->on_said(ipc::Cause::failed, std::string{words::no_ledger}));
    Requests &requests = parts_.requests;
    // It may close the request, and with it those who sign in for it; this one is over by then.
    const bool denies = facts.verb == ApprovalFacts::Verb::deny;
    const auto said =
        denies ? requests.deny(facts.id, by, facts.reason) : requests.approve(facts.id, by);
    const auto found = talks_.find(key);
    if (found == talks_.end())
        return;
    Approval &approval = *found->second.approval;
    if (!said)
        return perform(key,
                       approval.on_said(ipc::Cause::timed_out, std::string{words::request_over}));
    // The rules of now, or the ledger, were against it.
    if (!denies && !requests.find(facts.id))
        return perform(key, approval.on_said(ipc::Cause::policy_changed,
                                             std::string{words::approved_in_vain}));
    const Session *const session = requests.find_approving(facts.id);
    const policy::Role *const role =
        parts_.settings.policy ? parts_.settings.policy->find(facts.role) : nullptr;
    std::string message;
    if (denies)
        message = "denied";
    else if (session && role)
        message = words::approved_so_far(
            count_approvals(*role, facts.requester_oid, session->awaited()->given),
            role->approval.quorum);
    else
        message = words::enough_approved(facts.requester, facts.role);
    perform(key, approval.on_said(std::nullopt, std::move(message)));
}

void Approvals::close(Key key, const Close &close)
{
    over_.push_back(std::move(talks_.at(key)));
    talks_.erase(key);
    sweep_->schedule();
    Talk &talk = over_.back();
    talk.timer->stop();
    if (talk.transfer != 0 && parts_.requests.provider().http)
        parts_.requests.provider().http->cancel(talk.transfer);
    const ApprovalFacts &facts = talk.approval->facts();
    if (!talk.watcher)
        return after_notice(facts, close);
    const bool is_yes = !close.cause && facts.verb == ApprovalFacts::Verb::approve;
    ipc::RequestReply reply =
        make_reply(is_yes ? ipc::Progress::approved : ipc::Progress::denied, facts);
    reply.cause = close.cause;
    reply.message = close.message;
    talk.watcher->reply_and_close(ipc::encode_request_reply(reply));
}

bool Approvals::hurry(const std::string &request, uid_t uid)
{
    for (const auto &[key, talk] : talks_)
        if (talk.watcher && talk.uid == uid && talk.approval->facts().id == request) {
            perform(key, talk.approval->hurry(boot_time()));
            return true;
        }
    return false;
}

void Approvals::end_for(const std::string &request)
{
    std::vector<Key> keys;
    for (const auto &[key, talk] : talks_)
        if (talk.approval->facts().id == request && !talk.approval->is_saying())
            keys.push_back(key);
    by_notice_.erase(request);
    for (const Key key : keys)
        if (const auto found = talks_.find(key); found != talks_.end())
            perform(key, found->second.approval->cancel(ipc::Cause::timed_out,
                                                        std::string{words::request_over}));
}

void Approvals::end_by_notice()
{
    std::vector<Key> keys;
    for (const auto &[key, talk] : talks_)
        if (!talk.watcher)
            keys.push_back(key);
    for (const Key key : keys)
        if (const auto found = talks_.find(key); found != talks_.end())
            perform(key, found->second.approval->cancel(ipc::Cause::cancelled,
                                                        std::string{words::config_changed}));
}

void Approvals::cancel_all(const std::string &message)
{
    std::vector<Key> keys;
    for (const auto &[key, talk] : talks_)
        keys.push_back(key);
    for (const Key key : keys)
        if (const auto found = talks_.find(key); found != talks_.end())
            perform(key, found->second.approval->cancel(ipc::Cause::cancelled, message));
}

} // namespace jit::daemon
