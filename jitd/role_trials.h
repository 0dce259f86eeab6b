// Asks the root helper which roles it would grant now, for who only looks: one after the other, so
// that no grant waits for more than one of them.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "jitd/grant_client.h"

namespace jit::daemon {

class RoleTrials
{
  public:
    // Of each call: absent where it would be granted.
    using Results = std::vector<std::optional<HelperFault>>;
    using Told = std::function<void(const Results &)>;

    // Borrowed.
    explicit RoleTrials(GrantClient &helper) : helper_(helper) {}

    // Calls back once, perhaps at once, and within limits::role_trials_wait: what the helper has
    // not answered by then, or can't be asked, is `unavailable`.
    void ask(std::vector<ipc::GrantCall> calls, Told told);

  private:
    struct Series {
        std::vector<ipc::GrantCall> calls;
        Told told;
        BootTime end;
        Results results; // of the first so many
    };

    void ask_next();
    void on_answer(const ipc::GrantReply *reply, const HelperFault &fault);
    void end_late();
    void give_up(std::size_t count);

    GrantClient &helper_;
    std::deque<Series> waiting_;
    bool is_out_ = false;
    bool is_for_first_ = false; // what is out is of the first one
    std::unique_ptr<sys::Timer> late_;
};

} // namespace jit::daemon
