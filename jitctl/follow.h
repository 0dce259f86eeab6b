// A call that is followed to its end: Request, Extend, Approve and Deny, whose replies are alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jitctl/client.h"
#include "jitctl/countdown.h"
#include "jitctl/output.h"
#include "lib/ipc/elevation.h"

namespace jit::ctl {

class Following
{
  public:
    // Makes the call; the first reply has answer_within.
    //   parameters  borrowed
    //   stop_fd     readable once the person gives up; -1: never
    static Result<Following> begin(const std::string &socket, std::string_view method,
                                   const json_t *parameters, int stop_fd);

    enum class What {
        reply,
        refused, // by a Varlink error
        stopped, // the person gives up; stop_fd is still to be read
        typed,   // keys_fd is readable
    };
    struct Event {
        What what = What::stopped;
        ipc::RequestReply reply;
        bool is_last = false; // of the replies
        ipc::Reply refusal;
    };
    // What comes next. Until then the countdown runs; before all but keys it is cleared. Once jitd
    // has answered there is no deadline: the request's time is jitd's to keep.
    Result<Event> next(Countdown &countdown, int keys_fd);

    // The last reply, if it came already and has not been looked at.
    std::optional<ipc::RequestReply> find_end();

  private:
    Following(Client client, BootTime first_answer, int stop_fd)
        : client_(std::move(client)), first_answer_(first_answer), stop_fd_(stop_fd)
    {
    }

    Client client_;
    BootTime first_answer_;
    int stop_fd_;
    bool is_answered_ = false;
};

// Address, QR code where there is room, code and time left.
void show_code(const Output &output, const ipc::RequestReply &reply);

// When what a reply says "expires" does.
std::optional<BootTime> end_of(const ipc::RequestReply &reply);

} // namespace jit::ctl
