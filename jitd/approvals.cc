#include "jitd/approvals.h"

#include <algorithm>

#include "jitd/answers.h"
#include "jitd/limits.h"
#include "jitd/request_replies.h"
#include "jitd/words.h"

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
    Key key = std::to_string(++last_);
    auto timer = sys::Timer::make(parts_.loop, [this, key] { SignIns::wake(*this, key); });
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
    if (!parts_.requests.sign_ins().provider())
        return fail(watcher, ipc::Fault::misconfigured, words::misconfigured);
    const BootTime deadline = facts.deadline;
    const auto key = open(std::move(facts), uid, watcher);
    if (!key)
        return;
    talks_.at(*key).place = attempts_.begin(knock, now, deadline);
    // Who is told goes with the end, and his key with him.
    watcher->on_gone([this, key = *key] {
        end(Key{key}, ipc::Cause::cancelled, std::string{words::cancelled});
    });
    // The provider may take its time, and he is to know that jitd does not.
    watcher->reply_and_continue(ipc::encode_request_reply(
        make_reply(ipc::Progress::pending, talks_.at(*key).approval->facts())));
    perform(*key, talks_.at(*key).approval->start());
}

Patience Approvals::patience_of(const Key &key)
{
    const auto put_off = [this, key](BootTime again) {
        const auto found = talks_.find(key);
        if (found == talks_.end() || !found->second.watcher)
            return;
        ipc::RequestReply reply =
            make_reply(ipc::Progress::pending, found->second.approval->facts());
        reply.message =
            words::provider_silent(std::chrono::ceil<std::chrono::seconds>(again - boot_time()));
        found->second.watcher->reply_and_continue(ipc::encode_request_reply(reply));
    };
    return {talks_.at(key).approval->facts().deadline, put_off};
}

std::size_t Approvals::count(bool by_notice) const
{
    return static_cast<std::size_t>(
        std::count_if(talks_.begin(), talks_.end(), [&](const auto &one) {
            return (one.second.watcher == nullptr) == by_notice;
        }));
}

std::optional<SignIns::Seat> Approvals::find_seat(const Key &key)
{
    const auto found = talks_.find(key);
    if (found == talks_.end())
        return std::nullopt;
    return SignIns::Seat{*found->second.approval, found->second.transfer};
}

void Approvals::perform(const Key &key, Actions actions)
{
    for (Action &action : actions) {
        const auto found = talks_.find(key);
        if (found == talks_.end())
            return;
        Talk &talk = found->second;
        if (parts_.requests.sign_ins().perform(*this, key, action))
            continue;
        if (auto *record = std::get_if<WriteRecord>(&action);
            record && record->record.event == Event::refused)
            parts_.audit.write_limited(record->record, boot_time());
        else if (record)
            talk.is_recorded = parts_.audit.write(record->record) && talk.is_recorded;
        else if (auto *wake = std::get_if<WakeAt>(&action))
            talk.timer->set(wake->at);
        else if (auto *code = std::get_if<ShowCode>(&action))
            show(talk, *code);
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

void Approvals::say(const Key &key, const GivenApproval &by)
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
    if (!said && said.error().code == Code::unavailable)
        return perform(key,
                       approval.on_said(ipc::Cause::failed, std::string{words::denied_unwritten}));
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

void Approvals::close(const Key &key, const Close &close)
{
    const auto ended = talks_.find(key);
    over_.push_back(std::move(ended->second));
    talks_.erase(ended);
    sweep_->schedule();
    Talk &talk = over_.back();
    talk.timer->stop();
    parts_.requests.sign_ins().cancel(talk.transfer);
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
    const auto found = std::find_if(talks_.begin(), talks_.end(), [&](const auto &one) {
        const Talk &talk = one.second;
        return talk.watcher && talk.uid == uid && talk.approval->facts().id == request;
    });
    if (found == talks_.end())
        return false;
    SignIns::hurry(*this, Key{found->first});
    return true;
}

void Approvals::end(const Key &key, ipc::Cause cause, std::string message)
{
    if (const auto found = talks_.find(key); found != talks_.end())
        perform(key, found->second.approval->cancel(cause, std::move(message)));
}

void Approvals::end_all(const std::function<bool(const Talk &)> &are_meant, ipc::Cause cause,
                        std::string_view message)
{
    std::vector<Key> keys;
    for (const auto &[key, talk] : talks_)
        if (are_meant(talk))
            keys.push_back(key);
    for (const Key &key : keys)
        end(key, cause, std::string{message});
}

void Approvals::end_for(const std::string &request)
{
    by_notice_.erase(request);
    end_all(
        [&](const Talk &talk) {
            return talk.approval->facts().id == request && !talk.approval->is_saying();
        },
        ipc::Cause::timed_out, words::request_over);
}

void Approvals::cancel_all(const std::string &message)
{
    end_all([](const Talk &) { return true; }, ipc::Cause::cancelled, message);
}

} // namespace jit::daemon
