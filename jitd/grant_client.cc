#include "jitd/grant_client.h"

#include "jitd/limits.h"
#include "jitd/words.h"
#include "lib/base/text.h"

namespace jit::daemon {

namespace {

// Below the helper's own cap for one user, 8.
constexpr std::size_t max_at_once = 4;
constexpr std::chrono::seconds before_asking_again{1};

HelperFault make_away()
{
    return {HelperFault::Kind::unavailable, std::string{words::helper_away}};
}

HelperFault read_fault(const ipc::Reply &reply)
{
    const json_t *const text = json_object_get(reply.parameters.get(), "message");
    HelperFault fault;
    fault.message = json_is_string(text) ? safe_text(json_string_value(text), 400)
                                         : std::string{words::helper_refuses};
    if (reply.error == ipc::grant_policy_mismatch)
        fault.kind = HelperFault::Kind::policy_mismatch;
    else if (reply.error == ipc::grant_not_found)
        fault.kind = HelperFault::Kind::not_found;
    else if (reply.error == ipc::grant_unavailable || reply.error == "io.jitd.Grant.TooMany")
        fault.kind = HelperFault::Kind::unavailable;
    else
        fault.kind = HelperFault::Kind::refused;
    return fault;
}

} // namespace

void GrantClient::ask_grant(const ipc::GrantCall &call, Granted granted)
{
    ask_granted(ipc::grant_method, call, std::move(granted));
}

void GrantClient::ask_extend(const ipc::GrantCall &call, Granted granted)
{
    ask_granted(ipc::extend_method, call, std::move(granted));
}

void GrantClient::ask_granted(std::string_view method, const ipc::GrantCall &call, Granted granted)
{
    ask(method, ipc::encode(call),
        [granted = std::move(granted)](const ipc::Json *reply, const HelperFault &fault) {
            if (!reply)
                return granted(nullptr, fault);
            const auto read = ipc::decode_grant_reply(reply->get());
            granted(read ? &*read : nullptr, read ? fault : make_away());
        });
}

void GrantClient::ask_end(const ipc::EndCall &call, Ended ended)
{
    ask(ipc::end_method, ipc::encode(call),
        [ended = std::move(ended)](const ipc::Json *reply, const HelperFault &fault) {
            if (!reply)
                return ended(nullptr, fault);
            const auto read = ipc::decode_end_reply(reply->get());
            ended(read ? &*read : nullptr, read ? fault : make_away());
        });
}

void GrantClient::ask_confine(const ipc::ConfineCall &call, Confined confined)
{
    ask(ipc::confine_method, ipc::encode(call),
        [confined = std::move(confined)](const ipc::Json *reply, const HelperFault &fault) {
            if (!reply)
                return confined(nullptr, fault);
            const auto read = ipc::decode_confine_reply(reply->get());
            confined(read ? &*read : nullptr, read ? fault : make_away());
        });
}

void GrantClient::warn(const ipc::WarnCall &call)
{
    ask(ipc::warn_method, ipc::encode(call), [](const ipc::Json *, const HelperFault &) {});
}

void GrantClient::note_used(const ipc::UseCall &call)
{
    ask(ipc::use_method, ipc::encode(call), [](const ipc::Json *, const HelperFault &) {});
}

void GrantClient::end_surely(const ipc::EndCall &call, Ended ended)
{
    owed_[call.id] = Owed{call, std::move(ended)};
    ask_owed();
}

void GrantClient::ask_owed()
{
    std::vector<ipc::EndCall> calls;
    for (auto &[id, owed] : owed_)
        if (!std::exchange(owed.is_asked, true))
            calls.push_back(owed.call);
    for (const ipc::EndCall &call : calls)
        ask_end(call, [this, id = call.id](const ipc::EndReply *reply, const HelperFault &fault) {
            const auto found = owed_.find(id);
            if (found == owed_.end())
                return;
            if (!reply && fault.kind == HelperFault::Kind::unavailable) {
                found->second.is_asked = false;
                if (!ask_again_)
                    if (auto made = sys::Timer::make(loop_, [this] { ask_owed(); }))
                        ask_again_ = *std::move(made);
                if (ask_again_ && !ask_again_->is_set())
                    ask_again_->set(boot_time() + before_asking_again);
                return;
            }
            const Ended told = std::move(found->second.ended);
            owed_.erase(found);
            if (told)
                told(reply, fault);
        });
}

void GrantClient::ask(std::string_view method, const ipc::Json &parameters, Answered answered)
{
    queued_.push_back(
        {ipc::encode_call(method, parameters.get(), false, false), std::move(answered)});
    begin_some();
}

void GrantClient::begin_some()
{
    if (!bury_) {
        auto made = sys::Later::make(loop_, [this] {
            dead_.clear();
            begin_some();
        });
        if (made)
            bury_ = *std::move(made);
    }
    while (!queued_.empty() && pending_.size() < max_at_once) {
        Queued next = std::move(queued_.front());
        queued_.pop_front();
        const unsigned long id = next_id_++;
        pending_[id].answered = std::move(next.answered);
        if (!begin(id, next.text))
            settle(id, nullptr, make_away());
    }
}

Result<void> GrantClient::begin(unsigned long id, const Result<std::string> &text)
{
    if (!bury_)
        return Error{Code::internal, "no deferred call"};
    if (!text)
        return text.error();
    Fd socket = TRY(sys::connect_unix(path_));
    Pending &pending = pending_[id];
    pending.late = TRY(sys::Timer::make(loop_, [this, id] { settle(id, nullptr, make_away()); }));
    pending.connection =
        TRY(sys::Connection::make(loop_, std::move(socket),
                                  {[this, id](const std::string &frame) { on_frame(id, frame); },
                                   [this, id](Error) { settle(id, nullptr, make_away()); }},
                                  {}));
    pending.late->set(boot_time() + limits::grant_call);
    pending.connection->send(*text);
    return {};
}

void GrantClient::on_frame(unsigned long id, const std::string &frame)
{
    const auto reply = ipc::decode_reply(frame);
    if (!reply || reply->continues)
        settle(id, nullptr, make_away());
    else if (!reply->error.empty())
        settle(id, nullptr, read_fault(*reply));
    else
        settle(id, &reply->parameters, {});
}

void GrantClient::settle(unsigned long id, const ipc::Json *reply, const HelperFault &fault)
{
    const auto found = pending_.find(id);
    if (found == pending_.end())
        return;
    // We may stand inside the connection's or the timer's own callback: both live on until the next
    // turn.
    Pending pending = std::move(found->second);
    pending_.erase(found);
    if (pending.connection)
        pending.connection->close();
    if (pending.late)
        pending.late->stop();
    const Answered answered = std::move(pending.answered);
    dead_.push_back(std::move(pending));
    if (bury_)
        bury_->schedule();
    answered(reply, fault);
}

} // namespace jit::daemon
