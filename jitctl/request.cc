// `jitctl request`: asks, shows the code, waits, says how it ended.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "jitctl/origin.h"
#include "jitctl/reason.h"
#include "jitctl/records.h"
#include "jitctl/verbs.h"
#include "lib/base/screen.h"
#include "lib/base/text.h"
#include "lib/ipc/extend.h"
#include "lib/ipc/qr_picture.h"

namespace jit::ctl {

namespace {

using namespace std::chrono_literals;

// The line that counts down. Only on a terminal, where it is written over itself.
class Countdown
{
  public:
    explicit Countdown(const Output &output) : output_(output) {}
    Countdown(const Countdown &) = delete;
    Countdown &operator=(const Countdown &) = delete;
    ~Countdown() { clear(); }

    void start(std::string what, std::optional<BootTime> end)
    {
        what_ = std::move(what);
        end_ = end;
        draw();
    }

    void draw()
    {
        if (!output_.err_is_terminal || what_.empty())
            return;
        std::string line = what_;
        if (end_) {
            const auto left = std::chrono::ceil<std::chrono::seconds>(*end_ - boot_time());
            line += ", " + (left > 0s ? format_duration(left) : std::string{"0s"}) + " left";
        }
        clear();
        (void)std::fprintf(output_.err, "%s", line.c_str()); // talk: a lost line harms nothing
        (void)std::fflush(output_.err);
        drawn_ = line.size();
    }

    // Blanks instead of an escape sequence: a terminal of any kind has them.
    void clear()
    {
        if (drawn_ == 0)
            return;
        (void)std::fprintf(output_.err, "\r%s\r", std::string(drawn_, ' ').c_str());
        (void)std::fflush(output_.err);
        drawn_ = 0;
    }

    bool is_shown() const { return output_.err_is_terminal && !what_.empty(); }

  private:
    const Output &output_;
    std::string what_;
    std::optional<BootTime> end_;
    std::size_t drawn_ = 0;
};

void show_code(const Output &output, const ipc::RequestReply &reply)
{
    if (reply.message)
        output.tell(*reply.message);
    std::string line = "role " + reply.role;
    if (reply.host)
        line += " on " + *reply.host;
    if (reply.duration)
        line += " for " + format_duration(*reply.duration);
    output.tell(line);
    output.tell("  open        " + reply.uri.value_or("-"));
    ipc::QrPicture picture;
    if (output.err_is_terminal && read_screen(fileno(output.err)).has_room_for_picture() &&
        ipc::draw_qr(reply.qr.value_or(""), picture))
        (void)std::fputs(picture.c_str(), output.err);
    output.tell("  enter code  " + reply.code.value_or("-"));
    if (reply.expires)
        output.tell("  time left   " + format_duration(*reply.expires));
    (void)std::fflush(output.err);
}

// The object for a request that was not granted.
void print_denied(const Output &output, const std::string &id, ipc::Cause cause,
                  std::string_view message)
{
    if (!output.json)
        return;
    const ipc::Json object{json_pack("{s:s?,s:s,s:s,s:s}", "id", id.empty() ? nullptr : id.c_str(),
                                     "state", std::string{name_of(state_of(cause))}.c_str(),
                                     "cause", std::string{name_of(cause)}.c_str(), "message",
                                     safe_text(message, ipc::max_message_bytes).c_str())};
    output.print_json(object.get());
}

Exit finish_granted(const Output &output, const std::string &socket, const ipc::RequestReply &reply)
{
    if (!output.json) {
        const WallTime now = wall_time();
        output.print("granted: " + format_granted(reply.role, reply.until.value_or(now),
                                                  reply.groups.value_or(Row{}), now));
        return Exit::done;
    }
    // The reply tells what a person needs; the record has every member.
    ipc::ListCall call;
    call.id = reply.id;
    const Result<Records> records = ask_records(socket, call);
    if (records.has_value())
        for (const ipc::ListReply &record : records->newest_first)
            if (record.grant) {
                output.print_json(json_of(*record.grant).get());
                return Exit::done;
            }
    // It is granted all the same: print what is known.
    ipc::Json object = ipc::encode_request_reply(reply);
    (void)json_object_set_new(object.get(), "state", json_string("live")); // null prints a fault
    output.print_json(object.get());
    return Exit::done;
}

Exit finish_denied(const Output &output, const ipc::RequestReply &reply)
{
    const ipc::Cause cause = reply.cause.value_or(ipc::Cause::refused);
    const std::string message = reply.message.value_or(std::string{name_of(cause)});
    output.complain(message);
    print_denied(output, reply.id, cause, message);
    return exit_of(cause);
}

Exit finish_cancelled(const Output &output, const std::string &id)
{
    output.complain("cancelled");
    print_denied(output, id, ipc::Cause::cancelled, "cancelled by the user");
    return Exit::cancelled;
}

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

// The terminal that Enter is heard from, while this is its foreground job; -1: none.
int keys_of_terminal()
{
    return isatty(STDIN_FILENO) != 0 && tcgetpgrp(STDIN_FILENO) == getpgrp() ? STDIN_FILENO : -1;
}

// Reads what was typed. False: it will say nothing more.
bool pass_enter_on(const std::string &socket, const std::string &id)
{
    char typed[256];
    const ssize_t got = read(STDIN_FILENO, typed, sizeof typed);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    if (std::memchr(typed, '\n', static_cast<std::size_t>(got)) == nullptr)
        return true;
    // Best effort: without it the provider is asked a little later.
    (void)ask(socket, ipc::method::hurry, ipc::encode_request_id_call({id}), 1s);
    return true;
}

// The person gave up. What was granted before that could be told stays granted, and is said so.
std::optional<ipc::RequestReply> find_late_grant(Client &client)
{
    for (;;) {
        const Result<Client::Event> event = client.wait(boot_time());
        if (!event.has_value() || event->woken != Client::Woken::reply)
            return std::nullopt;
        const Result<ipc::RequestReply> reply =
            ipc::decode_request_reply(event->reply.parameters.get());
        if (event->reply.error.empty() && reply.has_value() &&
            reply->state == ipc::Progress::granted)
            return *reply;
    }
}

constexpr int reason_tries = 3;

// One request from its beginning to its end.
//   wanted  set, and nothing said, if the role wants a reason, or another one
Exit follow_request(const Question &question, const Command &command, const Output &output,
                    const std::string &socket, int stop_fd, std::optional<ipc::Reply> &wanted)
{
    const BootTime first_answer = boot_time() + answer_within;
    Result<Client> client = Client::connect(socket, first_answer);
    if (!client.has_value())
        return report(output, client.error());
    const ipc::Json call = question.make(command);
    const Result<void> sent = client->send(question.method, call.get(), true, first_answer);
    if (!sent.has_value())
        return report(output, sent.error());

    Countdown countdown{output};
    std::string id;
    bool is_answered = false;
    bool hears_enter = false; // a code stands there
    for (;;) {
        // Once jitd has answered, the request's time is jitd's to keep: it knows both deadlines.
        std::optional<BootTime> until;
        if (!is_answered)
            until = first_answer;
        else if (countdown.is_shown())
            until = boot_time() + 1s;
        Result<Client::Event> event =
            client->wait(until, stop_fd, hears_enter ? keys_of_terminal() : -1);
        if (event.has_value() && event->woken == Client::Woken::deadline && is_answered) {
            countdown.draw();
            continue;
        }
        if (event.has_value() && event->woken == Client::Woken::typed) {
            hears_enter = pass_enter_on(socket, id);
            continue;
        }
        countdown.clear();
        if (!event.has_value())
            return report(output, event.error());
        if (event->woken == Client::Woken::deadline)
            return report(output, Error{Code::timed_out, "jitd does not answer"});
        if (event->woken == Client::Woken::stopped) {
            if (const auto granted = find_late_grant(*client))
                return finish_granted(output, socket, *granted);
            return finish_cancelled(output, id); // the connection's end is what cancels
        }
        if (ipc::parse_fault(event->reply.error) == ipc::Fault::reason_wanted) {
            wanted = std::move(event->reply);
            return Exit::denied;
        }
        if (!event->reply.error.empty())
            return report(output, event->reply);

        const Result<ipc::RequestReply> reply =
            ipc::decode_request_reply(event->reply.parameters.get());
        if (!reply.has_value())
            return report(output, reply.error());
        is_answered = true;
        id = reply->id;
        switch (reply->state) {
        case ipc::Progress::pending:
            countdown.start("asking the identity provider", std::nullopt);
            break;
        case ipc::Progress::code:
            show_code(output, *reply);
            hears_enter = true;
            countdown.start("waiting for the sign-in",
                            reply->expires ? std::optional{boot_time() + *reply->expires}
                                           : std::nullopt);
            break;
        case ipc::Progress::approval:
            countdown.start("signed in, waiting for the approval", std::nullopt);
            break;
        case ipc::Progress::approved: // is said to sshd alone
            break;
        case ipc::Progress::granted:
            return finish_granted(output, socket, *reply);
        case ipc::Progress::denied:
            return finish_denied(output, *reply);
        }
        if (!event->reply.continues)
            return report(output, Error{Code::bad_input, "the last word is missing"});
    }
}

Exit ask_and_follow(const Question &question, const Command &command, const Output &output,
                    const std::string &socket, int stop_fd)
{
    Command asked = command;
    for (int tried = 0;; ++tried) {
        std::optional<ipc::Reply> wanted;
        const Exit exit = follow_request(question, asked, output, socket, stop_fd, wanted);
        if (!wanted)
            return exit;
        if (tried == reason_tries || !can_ask(output)) {
            const Exit denied = report(output, *wanted);
            output.tell("give it with --reason");
            return denied;
        }
        const auto what = ipc::decode_fault_message(wanted->parameters.get());
        output.tell(what ? *what : "the role wants a reason");
        auto reason = ask_reason(output, stop_fd);
        if (!reason)
            return finish_cancelled(output, "");
        asked.reason = reason->empty() ? std::nullopt : std::move(reason);
    }
}

} // namespace

Exit request(const Command &command, const Output &output, const std::string &socket, int stop_fd)
{
    return ask_and_follow({ipc::method::request, &make_request_call}, command, output, socket,
                          stop_fd);
}

Exit extend(const Command &command, const Output &output, const std::string &socket, int stop_fd)
{
    return ask_and_follow({ipc::method::extend, &make_extend_call}, command, output, socket,
                          stop_fd);
}

} // namespace jit::ctl
