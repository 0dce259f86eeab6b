// One connection to jitd, spoken to with a deadline for each answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ipc/frame.h"
#include "lib/ipc/json.h"
#include "lib/ipc/message.h"

namespace jit::ctl {

inline constexpr const char *default_socket = "/run/jit/io.jitd.Elevation";

// How long jitd may take to say anything, and to bring grants to their end, for which the root
// helper has to be started.
inline constexpr std::chrono::seconds answer_within{5};
inline constexpr std::chrono::seconds ending_within{60};

class Client
{
  public:
    // Connects, as root to PATH.root first, whose queue no other user can fill; tries again while
    // jitd's queue is full, until the deadline.
    //   errors  unavailable: no socket, nobody listens, not ours to connect to
    //           timed_out: the queue stayed full
    static Result<Client> connect(const std::string &path, BootTime deadline);

    // Sends a call whole.
    //   parameters  borrowed; null: none
    //   errors      unavailable, timed_out; bad_input: too long for a frame
    Result<void> send(std::string_view method, const json_t *parameters, bool more,
                      BootTime deadline);

    // What ended a wait.
    enum class Woken {
        reply,    // `reply` holds it
        stopped,  // stop_fd became readable
        typed,    // keys_fd did
        deadline, // nothing whole came in time
    };
    struct Event {
        Woken woken = Woken::deadline;
        ipc::Reply reply;
    };
    // Waits for one reply. A stop is seen before a reply that came together with it,
    // which the next wait gives.
    //   deadline  absent: as long as it takes
    //   stop_fd   borrowed; -1: none
    //   keys_fd   the same; the least of all that may have come
    //   errors    unavailable: jitd closed the connection; bad_input: not a reply
    Result<Event> wait(std::optional<BootTime> deadline, int stop_fd = -1, int keys_fd = -1);

    // One reply, or timed_out.
    Result<ipc::Reply> receive(std::chrono::seconds within);

  private:
    static Result<Client> connect_to(const std::string &path, BootTime deadline);
    explicit Client(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
    ipc::FrameReader reader_;
    std::optional<std::string> frame_; // came, and not given out yet
};

// One question on a connection of its own, and its one answer.
//   within  for the answer; answer_within is for all before it
Result<ipc::Reply> ask(const std::string &path, std::string_view method, ipc::Json parameters,
                       std::chrono::seconds within);

} // namespace jit::ctl
