#include "jitctl/follow.h"

#include <cstdio>
#include <utility>

#include "lib/base/screen.h"
#include "lib/base/text.h"
#include "lib/ipc/qr_picture.h"

namespace jit::ctl {

using namespace std::chrono_literals;

Result<Following> Following::begin(const std::string &socket, std::string_view method,
                                   const json_t *parameters, int stop_fd)
{
    const BootTime first_answer = boot_time() + answer_within;
    Client client = TRY(Client::connect(socket, first_answer));
    TRY(client.send(method, parameters, true, first_answer));
    return Following{std::move(client), first_answer, stop_fd};
}

Result<Following::Event> Following::next(Countdown &countdown, int keys_fd)
{
    for (;;) {
        std::optional<BootTime> until;
        if (!is_answered_)
            until = first_answer_;
        else if (countdown.is_shown())
            until = boot_time() + 1s;
        Result<Client::Event> event = client_.wait(until, stop_fd_, keys_fd);
        if (event.has_value() && event->woken == Client::Woken::deadline && is_answered_) {
            countdown.draw();
            continue;
        }
        Event told;
        if (event.has_value() && event->woken == Client::Woken::typed) {
            told.what = What::typed;
            return told;
        }
        countdown.clear();
        if (!event.has_value())
            return event.error();
        if (event->woken == Client::Woken::deadline)
            return Error{Code::timed_out, "jitd does not answer"};
        if (event->woken == Client::Woken::stopped)
            return told;
        if (!event->reply.error.empty()) {
            told.what = What::refused;
            told.refusal = std::move(event->reply);
            return told;
        }
        told.what = What::reply;
        told.reply = TRY(ipc::decode_request_reply(event->reply.parameters.get()));
        told.is_last = !event->reply.continues;
        is_answered_ = true;
        return told;
    }
}

std::optional<ipc::RequestReply> Following::find_end()
{
    for (;;) {
        const Result<Client::Event> event = client_.wait(boot_time());
        if (!event.has_value() || event->woken != Client::Woken::reply)
            return std::nullopt;
        if (event->reply.continues || !event->reply.error.empty())
            continue;
        const Result<ipc::RequestReply> reply =
            ipc::decode_request_reply(event->reply.parameters.get());
        return reply.has_value() ? std::optional{*reply} : std::nullopt;
    }
}

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

std::optional<BootTime> end_of(const ipc::RequestReply &reply)
{
    return reply.expires ? std::optional{boot_time() + *reply.expires} : std::nullopt;
}

} // namespace jit::ctl
