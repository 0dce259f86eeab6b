#include "jit_grantd/spread.h"

#include <cstdint>

namespace jit::grantd {

std::chrono::seconds late_by(std::size_t exact, std::string_view id)
{
    if (exact < max_exact_timers)
        return std::chrono::seconds{0};
    // FNV-1a: ids are random, and those of a test are not.
    std::uint32_t mixed = 2'166'136'261U;
    for (const char c : id)
        mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 16'777'619U;
    constexpr auto span = static_cast<std::uint32_t>((max_timer_late - least_timer_late).count());
    return least_timer_late + std::chrono::seconds{mixed % (span + 1)};
}

} // namespace jit::grantd
