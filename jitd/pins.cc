#include "jitd/pins.h"

#include "jitd/limits.h"

namespace jit::daemon {

Pins::Pins(Store &store) : store_(store)
{
    auto read = store_.read_pins();
    if (!read) {
        fault_ = read.error();
        return;
    }
    for (Pin &pin : *read) {
        std::string user = pin.user;
        pins_.emplace(std::move(user), std::move(pin));
    }
}

const Pin *Pins::find(std::string_view user) const
{
    const auto found = pins_.find(user);
    return found == pins_.end() ? nullptr : &found->second;
}

Result<void> Pins::may_put(const Pin &pin) const
{
    if (fault_)
        return *fault_;
    if (pins_.contains(pin.user))
        return Error{Code::denied, "the user is pinned already"};
    if (pins_.size() >= limits::pins)
        return Error{Code::denied, "too many users are pinned"};
    return {};
}

Result<void> Pins::put(const Pin &pin)
{
    TRY(may_put(pin));
    TRY(store_.add_pin(pin));
    pins_.emplace(pin.user, pin);
    return {};
}

Result<void> Pins::put_soon(const Pin &pin)
{
    TRY(may_put(pin));
    const bool is_held = store_.hold_pin(pin, [this, pin](bool is_kept) {
        if (is_kept)
            pins_.emplace(pin.user, pin);
    });
    return is_held ? Result<void>{} : put(pin);
}

Result<bool> Pins::confirm(std::string_view user)
{
    if (fault_)
        return *fault_;
    const auto found = pins_.find(user);
    if (found == pins_.end())
        return false;
    if (!TRY(store_.confirm_pin(user)))
        return Error{Code::unavailable, "the ledger has lost a pin"};
    found->second.confirmed = true;
    return true;
}

Result<bool> Pins::clear(std::string_view user)
{
    if (fault_)
        return *fault_;
    const auto found = pins_.find(user);
    if (found == pins_.end())
        return false;
    (void)TRY(store_.remove_pin(user)); // whether it was there: it is gone
    pins_.erase(found);
    return true;
}

std::vector<Pin> Pins::all() const
{
    std::vector<Pin> pins;
    pins.reserve(pins_.size());
    for (const auto &[user, pin] : pins_)
        pins.push_back(pin);
    return pins;
}

} // namespace jit::daemon
