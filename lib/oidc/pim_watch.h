// What of a group's activations in Privileged Identity Management counts for a request in mode
// watch: pure questions about what PimGroupPoll has seen.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"

namespace jit::oidc {

// One who is in the group now, as Graph tells: what is active (an instance), joined with what the
// person asked for (a request). All ids are in lower case.
struct Activation {
    std::string principal;
    std::string schedule;      // of the instance; what it was made from
    std::string request;       // empty: by no self-activation that is known, or by several
    WallTime asked{};          // when the request was made; only with one
    WallTime began{};          // with is_activated
    WallTime until{};          // the same
    std::string justification; // of the request, as the person typed it, at most 4096 bytes
    bool is_activated = false; // else assigned for good, or by somebody else
};

struct WatchAsk {
    std::string oid; // the requester's, in lower case
    WallTime request_began{};
    std::chrono::seconds window{0}; // an activation so much older still counts
    std::chrono::seconds skew{0};   // between Graph's clock and this host's
    std::string token;              // what the prompt shows; empty: bind = none
    // Schedules and requests that have served other requests, in lower case.
    std::set<std::string> used;
    WallTime now{};
};

// Why nothing counts, from the furthest to the closest: of several activations the closest says.
enum class WatchRefusal {
    none,
    absent,   // nothing of this person
    assigned, // a member, not by activation
    unasked,  // activated, but not by a request of his own that is known
    over,
    not_yet,
    too_old,
    used,
    no_token,
};

struct WatchVerdict {
    std::optional<Activation> found; // it counts; else:
    WatchRefusal why = WatchRefusal::none;
};

// The activation that counts; of several the one that ends last. An activation is as old as the
// person's asking for it, or its beginning, whichever was earlier: one that was planned long before
// is not new because it begins now.
WatchVerdict find_activation(const std::vector<Activation> &activations, const WatchAsk &ask);

// One line for the person who waits; empty for none.
const char *explain(WatchRefusal why);

// Whether the activation that a live grant stands on is still there, and until when, which may have
// changed. Only over a whole answer (GroupSeen): after a failed poll nothing is known.
std::optional<WallTime> is_still_there(const std::vector<Activation> &activations,
                                       std::string_view oid, std::string_view schedule);

// What binds an activation to one request: 9 characters of 28, some 43 bits. Without vowels and 0,
// 1 and L, so that it is not mistyped, not misread, and no word.
//   random  from the kernel
std::string make_watch_token(const std::array<std::uint8_t, 8> &random);

// Whether the token stands in the text as a word of its own, in whatever case.
bool has_watch_token(std::string_view text, std::string_view token);

} // namespace jit::oidc
