// How long to wait before a provider is asked again: the numbers in its answers, and ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/oidc/http_message.h"

struct json_t;

namespace jit::oidc {

// What counts as Retry-After where that cannot be used.
inline constexpr std::chrono::seconds throttle_pause{5};

// `expires_in` of a device authorization response (RFC 8628 section 3.2): less than 1 counts as 1,
// more than 3600 as 3600. Also as text. Absent: missing, or anything else.
std::optional<std::chrono::seconds> read_expires_in(const json_t *reply);
// `interval`: missing 5, less than 1 counts as 1, more than 60 as 60. Also as text. Absent:
// anything else.
std::optional<std::chrono::seconds> read_interval(const json_t *reply);

// What a Retry-After header asks for, at most 3600 s. A date, or anything that is not a whole
// number, counts as throttle_pause. Absent: no header.
std::optional<std::chrono::seconds> read_retry_after(std::string_view header);

// An answer that says "later": 408, 425, 429 or 5xx; and another error with a Retry-After that is
// no JSON object, which is not the provider's own, but of something before it.
bool is_put_off(const HttpReply &reply);
// An OAuth error that says the same.
bool is_transient(std::string_view error);

// The base doubled for each failure in a row, at most a minute unless the base itself is longer.
std::chrono::seconds back_off(std::chrono::seconds base, unsigned doublings);

// Makes pauses longer, by a tenth at most: who failed at the same moment does not come back at the
// same moment. The same seed gives the same pauses.
class Jitter
{
  public:
    //   seed  chance, of the caller's: the id of a flow; empty: pauses stay as they are
    explicit Jitter(std::string_view seed);

    std::chrono::microseconds spread(std::chrono::microseconds pause);

  private:
    std::uint64_t state_ = 0; // 0: none
};

} // namespace jit::oidc
