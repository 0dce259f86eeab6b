// `jitctl approve` and `jitctl deny`: what somebody else asks for is shown, and answered by a
// sign-in.
#include <algorithm>
#include <utility>

#include "jitctl/follow.h"
#include "jitctl/origin.h"
#include "jitctl/pending.h"
#include "jitctl/terminal.h"
#include "jitctl/verbs.h"
#include "lib/base/screen.h"
#include "lib/base/text.h"

namespace jit::ctl {

namespace {

constexpr int reason_tries = 3;

// What came of it, in the words of the last reply.
void print_outcome(const Output &output, const ipc::PendingRecord &request, std::string_view state,
                   std::optional<ipc::Cause> cause, const std::optional<std::string> &message)
{
    if (!output.json)
        return;
    const auto text = [](const std::optional<std::string_view> &value) {
        return value ? json_string(safe_text(*value, ipc::max_message_bytes).c_str()) : nullptr;
    };
    // A member that is null is left out.
    const ipc::Json object{json_pack("{s:s,s:s,s:o,s:o*,s:o*}", "id", request.id.c_str(), "role",
                                     request.role.c_str(), "state", text(state), "cause",
                                     text(cause ? std::optional{name_of(*cause)} : std::nullopt),
                                     "message", text(message))};
    output.print_json(object.get());
}

// He has said neither yes nor no, and the request goes on.
Exit finish_unsaid(const Output &output, const ipc::PendingRecord &request, std::string_view why)
{
    output.complain(why);
    output.tell("nothing was said of the request, which goes on waiting");
    print_outcome(output, request, name_of(ipc::State::cancelled), ipc::Cause::cancelled,
                  "cancelled by the user");
    return Exit::cancelled;
}

Exit finish_unasked(const Output &output, std::string_view why)
{
    output.complain(why);
    if (output.json)
        output.print_json(ipc::Json{
            json_pack("{s:s,s:s}", "error", "NoTerminal", "message", std::string{why}.c_str())}
                              .get());
    return Exit::usage;
}

// Shows one request. Absent: `exit` says why.
std::optional<ipc::PendingRecord> show(const Command &command, const Output &output,
                                       const std::string &socket, Exit &exit)
{
    Result<PendingRequests> found = ask_pending(socket, command.id);
    if (!found.has_value()) {
        exit = report(output, found.error());
        return std::nullopt;
    }
    if (found->refusal) {
        exit = report(output, *found->refusal);
        return std::nullopt;
    }
    if (found->requests.empty() || found->requests.front().id != command.id) {
        exit = report(output, Error{Code::not_found,
                                    "no request with this id waits for your approval; those that "
                                    "do: jitctl pending"});
        return std::nullopt;
    }
    constexpr std::size_t names_width = 15, least = 16, most = 64;
    const std::size_t columns =
        output.err_is_terminal ? read_screen(fileno(output.err)).columns : 0;
    const std::size_t width =
        columns == 0 ? most : std::clamp(columns - std::min(columns, names_width), least, most);
    for (const std::string &line : format_pending(found->requests.front(), wall_time(), width))
        output.tell(line);
    return std::move(found->requests.front());
}

// The sign-in, from the call to its last reply.
class Speaking
{
  public:
    Speaking(const ipc::PendingRecord &request, bool is_yes, const Output &output)
        : request_(request), is_yes_(is_yes), output_(output), countdown_(output)
    {
    }

    Exit run(const std::string &socket, std::string_view method, const json_t *call, int stop_fd)
    {
        Result<Following> following = Following::begin(socket, method, call, stop_fd);
        if (!following.has_value())
            return report(output_, following.error());
        for (;;) {
            const Result<Following::Event> event =
                following->next(countdown_, hears_enter_ ? keys_of_terminal() : -1);
            if (!event.has_value()) {
                const Exit exit = report(output_, event.error());
                output_.tell("it is not known whether your answer counts; look: jitctl pending");
                return exit;
            }
            if (event->what == Following::What::stopped) {
                // What was said before that could be told counts.
                const auto end = following->find_end();
                const auto exit = end ? take(*end) : std::nullopt;
                return exit ? *exit : finish_unsaid(output_, request_, "cancelled");
            }
            if (event->what == Following::What::refused)
                return report(output_, event->refusal);
            if (event->what == Following::What::typed) {
                pass_enter_on(socket);
                continue;
            }
            if (const auto exit = take(event->reply))
                return *exit;
            if (event->is_last)
                return report(output_, Error{Code::bad_input, "the last word is missing"});
        }
    }

  private:
    std::optional<Exit> take(const ipc::RequestReply &reply)
    {
        switch (reply.state) {
        case ipc::Progress::pending:
            if (reply.message) // why it takes longer
                output_.tell(*reply.message);
            countdown_.start("asking the identity provider", std::nullopt);
            return std::nullopt;
        case ipc::Progress::code:
            warn(reply);
            show_code(output_, reply);
            hears_enter_ = true;
            countdown_.start("waiting for your sign-in", end_of(reply));
            return std::nullopt;
        case ipc::Progress::approved:
            if (!is_yes_)
                break;
            finish(reply, reply.message.value_or("approved: " + request_.id));
            return Exit::done;
        case ipc::Progress::denied:
            if (!is_yes_ && !reply.cause) {
                finish(reply, "denied: " + request_.id);
                return Exit::done;
            }
            return fail(reply);
        case ipc::Progress::approval:
        case ipc::Progress::granted:
            break;
        }
        return report(output_, Error{Code::bad_input, "a state that an answer does not have"});
    }

    // The sign-in is done, says the approver.
    void pass_enter_on(const std::string &socket)
    {
        const Typed typed = read_typed(typed_);
        hears_enter_ = typed != Typed::none;
        if (typed != Typed::line)
            return;
        typed_.clear();
        // Best effort: without it the provider is asked a little later.
        using std::chrono_literals::operator""s;
        (void)ctl::ask(socket, ipc::method::hurry, ipc::encode_request_id_call({request_.id}), 1s);
    }

    void warn(const ipc::RequestReply &reply)
    {
        if (!std::exchange(has_code_, true)) {
            output_.tell(std::string{"the page below is for "} +
                         (is_yes_ ? "approving" : "denying") + " somebody else's request: " +
                         requester_of(request_) + "'s, for role " + request_.role);
            output_.tell("nobody else should have sent you this code; enter no code that you were "
                         "sent");
        } else if (!reply.message) {
            output_.tell("the code from before has run out; this is a new one");
        }
    }

    void finish(const ipc::RequestReply &reply, const std::string &line)
    {
        if (!output_.json)
            output_.print(line);
        print_outcome(output_, request_, name_of(reply.state), reply.cause, reply.message);
    }

    Exit fail(const ipc::RequestReply &reply)
    {
        const ipc::Cause cause = reply.cause.value_or(ipc::Cause::refused);
        const std::string message = reply.message.value_or(std::string{name_of(cause)});
        output_.complain(message);
        print_outcome(output_, request_, name_of(reply.state), cause, message);
        return exit_of(cause);
    }

    const ipc::PendingRecord &request_;
    bool is_yes_;
    const Output &output_;
    Countdown countdown_;
    bool has_code_ = false;
    bool hears_enter_ = false; // a code stands there
    std::string typed_;
};

} // namespace

Exit approve(const Command &command, const Output &output, const std::string &socket, int stop_fd)
{
    Exit exit = Exit::failed;
    const auto request = show(command, output, socket, exit);
    if (!request)
        return exit;
    if (!command.yes) {
        if (!can_ask(output))
            return finish_unasked(output, "there is no terminal to ask for a yes at; run it at "
                                          "one, or give --yes");
        forget_typed();
        const auto answer = ask_line(output, "Approve this? Type yes: ", stop_fd);
        if (!answer)
            return finish_unsaid(output, *request, "cancelled");
        if (*answer != "yes")
            return finish_unsaid(output, *request, "that is not yes");
    }
    const ipc::Json call = ipc::encode_approve_call({request->id, read_tty()});
    return Speaking{*request, true, output}.run(socket, ipc::method::approve, call.get(), stop_fd);
}

Exit deny(const Command &command, const Output &output, const std::string &socket, int stop_fd)
{
    Exit exit = Exit::failed;
    const auto request = show(command, output, socket, exit);
    if (!request)
        return exit;
    std::string reason = command.reason.value_or("");
    for (int tried = 0; reason.empty(); ++tried) {
        if (!can_ask(output))
            return finish_unasked(output, "deny takes a reason: give it with --reason");
        if (tried == reason_tries)
            return finish_unsaid(output, *request, "deny takes a reason of 1 to 512 bytes");
        auto typed = ask_line(output, "your reason: ", stop_fd);
        if (!typed)
            return finish_unsaid(output, *request, "cancelled");
        if (typed->size() <= ipc::max_reason_bytes)
            reason = *std::move(typed);
    }
    const ipc::Json call = ipc::encode_deny_call({request->id, reason, read_tty()});
    return Speaking{*request, false, output}.run(socket, ipc::method::deny, call.get(), stop_fd);
}

} // namespace jit::ctl
