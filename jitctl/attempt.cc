#include "jitctl/attempt.h"

#include <cstdio>
#include <utility>

#include "jitctl/outcome.h"
#include "jitctl/terminal.h"
#include "lib/ipc/approving.h"

namespace jit::ctl {

namespace {

using namespace std::chrono_literals;

class Asking
{
  public:
    Asking(Following &following, const Output &output, const std::string &socket, int stop_fd,
           Followed &followed)
        : following_(following), output_(output), socket_(socket), stop_fd_(stop_fd),
          followed_(followed), countdown_(output)
    {
    }

    Attempt run()
    {
        for (;;) {
            Result<Following::Event> event = following_.next(countdown_, keys());
            std::optional<Attempt> end;
            if (!event.has_value())
                return on_error(event.error());
            switch (event->what) {
            case Following::What::refused:
                return {Attempt::How::refused, Exit::failed, std::move(event->refusal), {}};
            case Following::What::stopped:
                end = on_stop();
                break;
            case Following::What::typed:
                end = on_typed();
                break;
            case Following::What::reply:
                end = on_reply(*event);
                break;
            }
            if (end)
                return std::move(*end);
        }
    }

  private:
    static Attempt done(Exit exit) { return {Attempt::How::done, exit, {}, {}}; }

    int keys() const { return hears_enter_ || is_asking_ ? keys_of_terminal() : -1; }

    Attempt on_error(const Error &error)
    {
        leave_question();
        if ((is_waiting_ || is_joining_) && is_answered_ && error.code == Code::unavailable) {
            output_.tell("the connection to jitd was lost, and the request goes on");
            return {Attempt::How::lost, Exit::unreachable, {}, {}};
        }
        if (is_answered_)
            return done(report(output_, error));
        return {Attempt::How::failed, Exit::failed, {}, error};
    }

    std::optional<Attempt> on_reply(const Following::Event &event)
    {
        const ipc::RequestReply &reply = event.reply;
        const bool was_asking = is_asking_;
        leave_question();
        is_answered_ = true;
        is_waiting_ = false;
        hears_enter_ = reply.state == ipc::Progress::code ||
                       (hears_enter_ && reply.state == ipc::Progress::pending);
        if (is_joining_ && followed_.id != reply.id) {
            output_.tell("the request from before has ended; this is a new one");
            is_joining_ = false;
        }
        followed_.id = reply.id;
        role_ = reply.role;
        switch (reply.state) {
        case ipc::Progress::pending:
            if (reply.message) // why it takes longer
                output_.tell(*reply.message);
            countdown_.start("asking the identity provider", std::nullopt);
            break;
        case ipc::Progress::code:
            show_code(output_, reply);
            countdown_.start("waiting for the sign-in", end_of(reply));
            break;
        case ipc::Progress::approval:
            is_waiting_ = true;
            approval_end_ = end_of(reply);
            if (reply.message && *reply.message != followed_.said)
                output_.tell(followed_.said = *reply.message);
            if (event.is_last) // jitd is being started anew
                return Attempt{Attempt::How::lost, Exit::unreachable, {}, {}};
            if (was_asking)
                ask();
            else
                count_down();
            break;
        case ipc::Progress::approved: // is said to sshd alone
            break;
        case ipc::Progress::granted:
            return done(finish_granted(output_, socket_, reply));
        case ipc::Progress::denied:
            return done(finish_denied(output_, reply));
        }
        if (event.is_last)
            return done(report(output_, Error{Code::bad_input, "the last word is missing"}));
        return std::nullopt;
    }

    std::optional<Attempt> on_stop()
    {
        const bool is_term = take_stop(stop_fd_);
        const bool may_ask =
            is_waiting_ && !is_asking_ && !is_term && can_ask(output_) && keys_of_terminal() >= 0;
        if (!may_ask)
            return cancel();
        (void)std::fputc('\n', output_.err); // after the ^C that the terminal shows
        typed_.clear();
        forget_typed();
        ask();
        return std::nullopt;
    }

    std::optional<Attempt> on_typed()
    {
        if (!is_asking_) {
            hears_enter_ = pass_enter_on();
            return std::nullopt;
        }
        switch (read_typed(typed_)) {
        case Typed::some:
            return std::nullopt;
        case Typed::none:
            return cancel();
        case Typed::line:
            break;
        }
        is_asking_ = false; // the line has its end
        const std::string answer = trim(typed_);
        if (answer == "y" || answer == "Y" || answer == "yes")
            return leave();
        return cancel();
    }

    // Reads what was typed. False: it will say nothing more.
    bool pass_enter_on()
    {
        switch (read_typed(typed_)) {
        case Typed::some:
            return true;
        case Typed::none:
            return false;
        case Typed::line:
            break;
        }
        typed_.clear();
        // Best effort: without it the provider is asked a little later.
        (void)ctl::ask(socket_, ipc::method::hurry, ipc::encode_request_id_call({followed_.id}),
                       1s);
        return true;
    }

    // The person gave up, and the connection's end is what cancels. What was granted before that
    // could be told stays granted, and is said so.
    Attempt cancel()
    {
        leave_question();
        const auto end = following_.find_end();
        if (end && end->state == ipc::Progress::granted)
            return done(finish_granted(output_, socket_, *end));
        return done(finish_cancelled(output_, followed_.id));
    }

    std::optional<Attempt> leave()
    {
        if (!ask_to_leave().has_value()) { // perhaps since its end is about to be read
            count_down();
            return std::nullopt;
        }
        const auto end = following_.find_end();
        if (end && end->state == ipc::Progress::granted)
            return done(finish_granted(output_, socket_, *end));
        if (end && end->state == ipc::Progress::denied)
            return done(finish_denied(output_, *end));
        return done(finish_left(output_, followed_.id, role_));
    }

    Result<void> ask_to_leave() const
    {
        Output talk = output_;
        talk.json = false; // the one object is of what comes of the request
        const auto reply = ctl::ask(socket_, ipc::method::leave,
                                    ipc::encode_request_id_call({followed_.id}), answer_within);
        if (!reply.has_value()) {
            (void)report(talk, reply.error()); // its exit code is not the verb's
            return reply.error();
        }
        if (!reply->error.empty()) {
            (void)report(talk, *reply);
            return Error{Code::denied, "it can't be left"};
        }
        return ipc::decode_empty_reply(reply->parameters.get());
    }

    void ask()
    {
        countdown_.stop();
        (void)std::fputs("Leave it waiting, and come back later? [y/N] ", output_.err);
        (void)std::fflush(output_.err);
        is_asking_ = true;
    }

    // The question stands in a line of its own, without an answer.
    void leave_question()
    {
        if (!std::exchange(is_asking_, false))
            return;
        (void)std::fputc('\n', output_.err);
    }

    void count_down() { countdown_.start("waiting for approval", approval_end_); }

    Following &following_;
    const Output &output_;
    const std::string &socket_;
    int stop_fd_;
    Followed &followed_;
    Countdown countdown_;
    std::string role_;
    std::string typed_;
    std::optional<BootTime> approval_end_;
    bool is_joining_ = !followed_.id.empty(); // what waited for others a moment ago
    bool is_answered_ = false;
    bool is_waiting_ = false;  // for others
    bool is_asking_ = false;   // whether to leave it
    bool hears_enter_ = false; // a code stands there
};

} // namespace

Attempt follow_request(std::string_view method, const json_t *parameters, const Output &output,
                       const std::string &socket, int stop_fd, Followed &followed)
{
    Result<Following> following = Following::begin(socket, method, parameters, stop_fd);
    if (!following.has_value())
        return {Attempt::How::failed, Exit::failed, {}, following.error()};
    return Asking{*following, output, socket, stop_fd, followed}.run();
}

} // namespace jit::ctl
