// How many transfers go at once: as few as keep up, since each of them costs memory that would stay
// behind a crowd. It widens while somebody waits too long for his turn, and narrows when nobody
// has.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "lib/base/clock.h"

namespace jit::net {

class Room
{
  public:
    static constexpr std::size_t least = 2;
    static constexpr std::chrono::seconds lately{10};

    std::size_t size() const { return size_; }
    // Somebody has waited too long: twice as many may go, up to `most`, which is at least `least`.
    void widen(std::size_t most, BootTime now)
    {
        size_ = std::clamp(2 * size_, least, most);
        since_ = now;
    }
    // To be asked now and then: half as many may go where that was enough for a while.
    //   returns  whether such a while has passed
    bool narrow(BootTime now)
    {
        if (now - since_ < lately)
            return false;
        size_ = std::max(size_ / 2, least);
        since_ = now;
        return true;
    }

  private:
    std::size_t size_ = least;
    BootTime since_{}; // when it changed last, or could have
};

} // namespace jit::net
