// The line that counts down. Only on a terminal, where it is written over itself.
#pragma once

#include <optional>
#include <string>

#include "jitctl/output.h"
#include "lib/base/clock.h"

namespace jit::ctl {

class Countdown
{
  public:
    explicit Countdown(const Output &output) : output_(output) {}
    Countdown(const Countdown &) = delete;
    Countdown &operator=(const Countdown &) = delete;
    ~Countdown() { clear(); }

    //   end  absent: it only says what is waited for
    void start(std::string what, std::optional<BootTime> end);
    void stop() { start({}, std::nullopt); }
    void draw();
    void clear();
    bool is_shown() const { return output_.err_is_terminal && !what_.empty(); }

  private:
    const Output &output_;
    std::string what_;
    std::optional<BootTime> end_;
    std::size_t drawn_ = 0;
};

} // namespace jit::ctl
