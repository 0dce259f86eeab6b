#include "lib/oidc/pace.h"

#include <algorithm>
#include <charconv>

#include <jansson.h>

#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr seconds max_expires_in{3600};
constexpr seconds default_interval{5}; // RFC 8628 section 3.2
constexpr seconds max_interval{60};
constexpr seconds max_backoff{60};

// A number of seconds, as an integer or as digits in a string: providers send both. What is too
// large for the type is as large as that.
std::optional<long long> read_seconds(const json_t *value)
{
    if (json_is_integer(value))
        return json_integer_value(value);
    if (!json_is_string(value))
        return std::nullopt;
    const std::string_view text{json_string_value(value), json_string_length(value)};
    long long number = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = !text.empty() && stop == text.data() + text.size();
    if (is_whole && fault == std::errc::result_out_of_range)
        return text.front() == '-' ? 0 : max_expires_in.count();
    if (!is_whole || fault != std::errc{})
        return std::nullopt;
    return number;
}

} // namespace

std::optional<seconds> read_expires_in(const json_t *reply)
{
    const auto number = read_seconds(json_object_get(reply, "expires_in"));
    if (!number)
        return std::nullopt;
    return std::clamp(seconds{*number}, seconds{1}, max_expires_in);
}

std::optional<seconds> read_interval(const json_t *reply)
{
    const json_t *member = json_object_get(reply, "interval");
    if (member == nullptr || json_is_null(member))
        return default_interval;
    const auto number = read_seconds(member);
    if (!number)
        return std::nullopt;
    return std::clamp(seconds{*number}, seconds{1}, max_interval);
}

std::optional<seconds> read_retry_after(std::string_view header)
{
    if (header.empty())
        return std::nullopt;
    long number = 0;
    const auto [stop, fault] =
        std::from_chars(header.data(), header.data() + header.size(), number);
    if (fault != std::errc{} || stop != header.data() + header.size() || number < 0)
        return throttle_pause;
    return std::min(seconds{number}, max_expires_in);
}

bool is_put_off(const HttpReply &reply)
{
    if (reply.outcome != HttpReply::Outcome::received || reply.status < 400)
        return false;
    return reply.status == 408 || reply.status == 425 || reply.status == 429 ||
           reply.status >= 500 ||
           (!reply.retry_after.empty() && !parse_object(reply.body.reveal()));
}

bool is_transient(std::string_view error)
{
    return error == "temporarily_unavailable" || error == "server_error";
}

seconds back_off(seconds base, unsigned doublings)
{
    return std::max(base, std::min(base * (1 << std::min(doublings, 6U)), max_backoff));
}

// FNV-1a of the seed.
Jitter::Jitter(std::string_view seed)
{
    if (seed.empty())
        return;
    state_ = 0xcbf29ce484222325U;
    for (const char c : seed)
        state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    state_ |= 1;
}

// The numbers are splitmix64's; its state goes by an even step, and so never becomes 0.
std::chrono::microseconds Jitter::spread(std::chrono::microseconds pause)
{
    const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(pause.count() / 10, 0));
    if (state_ == 0 || most == 0)
        return pause;
    state_ += 0x9e3779b97f4a7c14U;
    std::uint64_t number = state_;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    number ^= number >> 31;
    return pause + std::chrono::microseconds{static_cast<std::int64_t>(number % (most + 1))};
}

} // namespace jit::oidc
