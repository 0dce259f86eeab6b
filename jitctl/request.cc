// `jitctl request` and `jitctl extend`: ask, wait, and ask again where jitd was started anew.
#include <poll.h>
#include <utility>

#include "jitctl/attempt.h"
#include "jitctl/origin.h"
#include "jitctl/outcome.h"
#include "jitctl/records.h"
#include "jitctl/terminal.h"
#include "jitctl/verbs.h"
#include "lib/ipc/extend.h"

namespace jit::ctl {

namespace {

// What is asked: the method, and its parameters. A reason may be added later.
struct Question {
    std::string_view method;
    ipc::Json (*make)(const Command &command);
};

ipc::Json make_request_call(const Command &command)
{
    ipc::RequestCall call;
    call.role = command.role.value_or("");
    call.user = command.user;
    call.duration = command.duration;
    call.reason = command.reason;
    call.tty = read_tty();
    call.session = read_session();
    return ipc::encode_request_call(call);
}

ipc::Json make_extend_call(const Command &command)
{
    ipc::ExtendCall call;
    call.id = command.id;
    call.role = command.role;
    call.duration = command.duration;
    call.reason = command.reason;
    call.tty = read_tty();
    call.session = read_session();
    return ipc::encode_extend_call(call);
}

constexpr int reason_tries = 3;
constexpr std::chrono::milliseconds rejoin_every{1000};

// Worth another try while jitd starts.
bool is_starting(const ipc::Reply &refusal)
{
    return ipc::parse_fault(refusal.error) == ipc::Fault::unavailable;
}
bool is_starting(const Attempt &attempt)
{
    if (attempt.how == Attempt::How::refused)
        return is_starting(attempt.refusal);
    return attempt.how == Attempt::How::failed &&
           (attempt.error.code == Code::unavailable || attempt.error.code == Code::timed_out);
}

// Where a verb asks, and how long it will.
struct Place {
    const Output &output;
    const std::string &socket;
    int stop_fd;
    std::chrono::seconds patience;
};

// Withdraws what no connection stands for any more.
Exit cancel_lost(const Place &place, const std::string &id)
{
    const auto reply =
        ask(place.socket, ipc::method::cancel, ipc::encode_request_id_call({id}), answer_within);
    if (reply.has_value() && reply->error.empty())
        return finish_cancelled(place.output, id);
    if (reply.has_value())
        return report(place.output, *reply);
    const Exit exit = report(place.output, reply.error());
    place.output.tell("the request may go on waiting; to look at it: jitctl status " + id);
    return exit;
}

Exit give_up(const Place &place, const std::string &id)
{
    const Exit exit = report(place.output, Error{Code::unavailable, "jitd does not come back"});
    place.output.tell("the request may go on waiting: run the same command again here, or look at "
                      "it: jitctl status " +
                      id);
    return exit;
}

// Asks for the same again, which joins the request, once jitd is there and says that it still
// waits: else a new one would be begun, and perhaps for what was just refused.
Attempt rejoin(const Place &place, std::string_view method, const json_t *parameters,
               Followed &followed)
{
    const BootTime deadline = boot_time() + place.patience;
    const auto done = [](Exit exit) { return Attempt{Attempt::How::done, exit, {}, {}}; };
    ipc::ListCall call;
    call.id = followed.id;
    Countdown countdown{place.output};
    countdown.start("waiting for jitd", deadline);
    while (boot_time() < deadline) {
        pollfd stop{place.stop_fd, POLLIN, 0};
        if (poll(&stop, 1, static_cast<int>(rejoin_every.count())) > 0) {
            countdown.clear();
            return done(cancel_lost(place, followed.id));
        }
        countdown.draw();
        const Result<Records> found = ask_records(place.socket, call);
        if (!found.has_value() || (found->refusal && is_starting(*found->refusal)))
            continue;
        countdown.clear();
        if (found->refusal)
            return done(report(place.output, *found->refusal));
        if (found->newest_first.empty())
            continue;
        const ipc::ListReply &record = found->newest_first.front();
        if (!record.request || record.request->state != ipc::State::pending_approval)
            return done(finish_missed(place.output, record));
        Attempt attempt =
            follow_request(method, parameters, place.output, place.socket, place.stop_fd, followed);
        if (!is_starting(attempt))
            return attempt;
    }
    countdown.clear();
    return done(give_up(place, followed.id));
}

Attempt ask_until_said(const Place &place, const Question &question, const Command &command)
{
    const ipc::Json call = question.make(command);
    Followed followed;
    Attempt attempt = follow_request(question.method, call.get(), place.output, place.socket,
                                     place.stop_fd, followed);
    while (attempt.how == Attempt::How::lost)
        attempt = rejoin(place, question.method, call.get(), followed);
    return attempt;
}

Exit ask_and_follow(const Place &place, const Question &question, const Command &command)
{
    const Output &output = place.output;
    Command asked = command;
    for (int tried = 0;; ++tried) {
        const Attempt attempt = ask_until_said(place, question, asked);
        if (attempt.how == Attempt::How::failed)
            return report(output, attempt.error);
        if (attempt.how != Attempt::How::refused)
            return attempt.exit;
        if (ipc::parse_fault(attempt.refusal.error) != ipc::Fault::reason_wanted)
            return report(output, attempt.refusal);
        if (tried == reason_tries || !can_ask(output)) {
            const Exit denied = report(output, attempt.refusal);
            output.tell("give it with --reason");
            return denied;
        }
        const auto what = ipc::decode_fault_message(attempt.refusal.parameters.get());
        output.tell(what ? *what : "the role wants a reason");
        auto reason = ask_line(output, "your reason: ", place.stop_fd);
        if (!reason)
            return finish_cancelled(output, "");
        asked.reason = reason->empty() ? std::nullopt : std::move(reason);
    }
}

} // namespace

Exit request(const Command &command, const Output &output, const std::string &socket, int stop_fd,
             std::chrono::seconds patience)
{
    return ask_and_follow({output, socket, stop_fd, patience},
                          {ipc::method::request, &make_request_call}, command);
}

Exit extend(const Command &command, const Output &output, const std::string &socket, int stop_fd,
            std::chrono::seconds patience)
{
    return ask_and_follow({output, socket, stop_fd, patience},
                          {ipc::method::extend, &make_extend_call}, command);
}

} // namespace jit::ctl
