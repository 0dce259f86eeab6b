// Those who wait at jitd for their sign-in, as many sudos would: each is a connection of root's.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "tests/bench/loop.h"

namespace jit::bench {

class Requester final : public Watched
{
  public:
    // The number tells requesters apart: four of each user, each with a terminal of its own.
    Requester(Loop &loop, const std::string &socket, unsigned number);
    Requester(const Requester &) = delete;
    Requester &operator=(const Requester &) = delete;
    ~Requester() override { leave(); }

    // Its user, by whose name he signs in too.
    static std::string user_of(unsigned number);

    void on_ready(std::uint32_t events) override;
    void leave();

    const std::string &code() const { return code_; } // empty: not shown yet
    bool is_over() const { return over_ms_ != 0; }
    bool is_granted() const { return granted_; }
    double over_ms() const { return over_ms_; }
    const std::string &last_reply() const { return last_; }
    const std::string &grant() const { return grant_; } // its id, once granted
    unsigned number() const { return number_; }

  private:
    void read_reply(std::string_view reply);

    unsigned number_;
    int fd_ = -1;
    std::string in_;
    std::string code_;
    std::string last_;
    std::string grant_;
    bool granted_ = false;
    double over_ms_ = 0;
};

// Ends a grant, as root.
class Ender final : public Watched
{
  public:
    Ender(Loop &loop, const std::string &socket, const std::string &grant);
    Ender(const Ender &) = delete;
    Ender &operator=(const Ender &) = delete;
    ~Ender() override;
    void on_ready(std::uint32_t events) override;
    bool is_done() const { return is_done_; }

  private:
    int fd_;
    bool is_done_ = false;
};

// They live where they are made.
using Requesters = std::deque<Requester>;

} // namespace jit::bench
