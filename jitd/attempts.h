// How often requests are begun, over all connections, and how many of them wait: who may begin one
// more, and when.
//
// Who has proven who he is counts for himself, and over ssh his address counts as well, by a number
// that no single user reaches. Who has not counts for the address or the terminal that he knocks
// from, and never for whom he names: so nobody uses up what another has. Where an attacker has any
// number of addresses, an IPv6 network of /64 is one, and those who have proven nothing are only so
// many at once: a newcomer waits, and who is known already goes on.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jitd/request_facts.h"
#include "lib/base/clock.h"

namespace jit::daemon {

// For whom a request counts.
struct Knock {
    std::string who;     // the requester; unproven: the address or the terminal
    std::string address; // over ssh, of the proven; else empty
    bool is_unproven = false;
    bool asks_others = false; // it will wait for more than a sign-in
};
Knock knock_of(const RequestFacts &facts);

// An address as it is counted: IPv6 by its /64. Empty: it is no address, and nobody's name of one
// counts, for whoever has a zone of his own has any number of names.
std::string counted_address(std::string_view text);

// Pure; all times are given.
class Attempts
{
  public:
    Attempts() = default;
    Attempts(const Attempts &) = delete;
    Attempts &operator=(const Attempts &) = delete;

    // Whether one more may begin now. Empty: yes; else what to say, with when to try again.
    std::string why_not(const Knock &knock, BootTime now);

  private:
    struct Tally {
        std::vector<BootTime> begun; // lately, in their order
        std::size_t waiting = 0;     // for others, too
        BootTime last_end{};         // of all that wait, at the latest
        std::vector<BootTime> asked; // the ends of those that wait for others
    };

  public:
    // A request that waits: its end gives the place back. Never outlives the attempts.
    class Place
    {
      public:
        Place() = default;
        Place(Place &&other) noexcept
            : who_(std::exchange(other.who_, nullptr)),
              address_(std::exchange(other.address_, nullptr)),
              asked_(std::exchange(other.asked_, std::nullopt))
        {
        }
        Place &operator=(Place &&other) noexcept
        {
            std::swap(who_, other.who_);
            std::swap(address_, other.address_);
            std::swap(asked_, other.asked_);
            return *this;
        }
        ~Place();

        // It waits for others from now on, and until then at the latest: it counts no more among
        // those that somebody signs in for.
        void ask_others(BootTime until);

      private:
        friend class Attempts;
        Place(Tally *who, Tally *address) : who_(who), address_(address) {}
        Tally *who_ = nullptr;
        Tally *address_ = nullptr;
        std::optional<BootTime> asked_; // in who_
    };

    // One begins, which why_not() has let.
    //   until  its end, at the latest
    Place begin(const Knock &knock, BootTime now, BootTime until);

    // Whose attempts are kept in mind, for tests.
    std::size_t known() const { return requesters_.size() + strangers_.size() + addresses_.size(); }

  private:
    using Tallies = std::map<std::string, Tally, std::less<>>;
    void forget(BootTime now);
    std::string why_not_stranger(const std::string &who, BootTime now) const;

    // A node stays where it is while others come and go, and while anybody waits.
    Tallies requesters_;
    Tallies strangers_; // who have proven nothing
    Tallies addresses_; // of those who have
    BootTime forgot_{};
};

} // namespace jit::daemon
