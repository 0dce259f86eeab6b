// What the two sides of the bench of waiting requests share: a bare epoll loop and the time.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>

namespace jit::bench {

[[noreturn]] inline void die(const std::string &why)
{
    std::fprintf(stderr, "waiting: %s\n", why.c_str());
    std::exit(1);
}

// Milliseconds, from anywhere.
inline double now_ms()
{
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

// Something with a descriptor that the loop calls; it lives as long as the loop knows it.
class Watched
{
  public:
    Watched() = default;
    Watched(const Watched &) = delete;
    Watched &operator=(const Watched &) = delete;
    virtual ~Watched() = default;
    virtual void on_ready(std::uint32_t events) = 0;
};

class Loop
{
  public:
    Loop();
    Loop(const Loop &) = delete;
    Loop &operator=(const Loop &) = delete;
    ~Loop();

    // Borrows both. A descriptor that is closed is forgotten by itself.
    void add(int fd, std::uint32_t events, Watched *watched);
    void set(int fd, std::uint32_t events, Watched *watched);
    // Runs until `is_done`, which is asked after each turn, or until the time has come.
    //   returns  whether it was done
    bool run(double until_ms, const std::function<bool()> &is_done);

  private:
    int epoll_;
};

} // namespace jit::bench
