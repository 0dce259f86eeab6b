// When one document of the provider's is asked for, and asked for again where nothing came of it.
// Pure: it is told what happened and when.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/oidc/pace.h"

namespace jit::daemon {

class ProviderFetch
{
  public:
    //   seed  of the jitter of its pauses
    explicit ProviderFetch(std::string_view seed) : jitter_(seed) {}

    // Somebody needs it. True: it is to be sent; false: it is out, or will be at next_at().
    bool begin();
    // The time has come. True: it is to be sent.
    bool on_time(BootTime now);
    // When it is sent again; absent: it is out, or nobody asks.
    std::optional<BootTime> next_at() const;
    bool is_going() const { return state_ != State::idle; }
    // Whether to ask for what can be done without: not soon after a fetch in vain, and ever later.
    bool may_begin(BootTime now) const { return is_going() || now >= rests_until_; }

    // What came can be used.
    void on_good();
    // What came can't be used, and would be the same if it was asked for again.
    void on_bad(BootTime now);
    // Nothing came, or "later". Absent: that was the last try.
    //   asked  what Retry-After asks for; who asks for more than limits::fetch_wait is let be
    std::optional<BootTime> on_lost(std::chrono::seconds asked, BootTime now);

  private:
    enum class State {
        idle,
        out,
        pausing
    };

    void end(BootTime now);

    State state_ = State::idle;
    oidc::Jitter jitter_;
    unsigned lost_ = 0;    // tries since it began
    unsigned in_vain_ = 0; // fetches in a row
    BootTime next_at_{};
    BootTime rests_until_{};
};

} // namespace jit::daemon
