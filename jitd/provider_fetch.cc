#include "jitd/provider_fetch.h"

#include <algorithm>

#include "jitd/limits.h"

namespace jit::daemon {

bool ProviderFetch::begin()
{
    if (state_ != State::idle)
        return false;
    state_ = State::out;
    lost_ = 0;
    return true;
}

bool ProviderFetch::on_time(BootTime now)
{
    if (state_ != State::pausing || now < next_at_)
        return false;
    state_ = State::out;
    return true;
}

std::optional<BootTime> ProviderFetch::next_at() const
{
    return state_ == State::pausing ? std::optional{next_at_} : std::nullopt;
}

void ProviderFetch::on_good()
{
    state_ = State::idle;
    in_vain_ = 0;
    rests_until_ = {};
}

void ProviderFetch::on_bad(BootTime now)
{
    end(now);
}

std::optional<BootTime> ProviderFetch::on_lost(std::chrono::seconds asked, BootTime now)
{
    if (++lost_ >= limits::fetch_tries || asked > limits::fetch_wait) {
        end(now);
        return std::nullopt;
    }
    state_ = State::pausing;
    const auto ours = oidc::back_off(limits::fetch_again, lost_ - 1);
    next_at_ = now + jitter_.spread(std::max(ours, asked));
    return next_at_;
}

void ProviderFetch::end(BootTime now)
{
    state_ = State::idle;
    // 5, 10, 20 ... 320 s, of which the last is more than what is meant.
    const auto rest = limits::fetch_rest * (1 << std::min(in_vain_++, 6U));
    rests_until_ =
        now + jitter_.spread(std::min<std::chrono::seconds>(rest, limits::refetch_pause));
}

} // namespace jit::daemon
