#include "jitctl/countdown.h"

#include <cstdio>
#include <utility>

#include "lib/base/text.h"

namespace jit::ctl {

using namespace std::chrono_literals;

void Countdown::start(std::string what, std::optional<BootTime> end)
{
    what_ = std::move(what);
    end_ = end;
    draw();
}

void Countdown::draw()
{
    clear();
    if (!is_shown())
        return;
    std::string line = what_;
    if (end_) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(*end_ - boot_time());
        line += ", " + (left > 0s ? format_duration(left) : std::string{"0s"}) + " left";
    }
    (void)std::fprintf(output_.err, "%s", line.c_str()); // talk: a lost line harms nothing
    (void)std::fflush(output_.err);
    drawn_ = line.size();
}

// Blanks instead of an escape sequence: a terminal of any kind has them.
void Countdown::clear()
{
    if (drawn_ == 0)
        return;
    (void)std::fprintf(output_.err, "\r%s\r", std::string(drawn_, ' ').c_str());
    (void)std::fflush(output_.err);
    drawn_ = 0;
}

} // namespace jit::ctl
