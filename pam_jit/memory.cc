#include "pam_jit/memory.h"

#include <unistd.h>

#include <cstdlib>
#include <new>

namespace jit::pam {

namespace {

constexpr const char *data_name = "pam_jit";
constexpr std::chrono::seconds allowed_for{1};

void forget(pam_handle_t *, void *data, int)
{
    std::free(data);
}

} // namespace

Memory *Memory::of(pam_handle_t *handle, bool make)
{
    static_assert(std::is_trivially_destructible_v<Memory>);
    const void *data = nullptr;
    if (pam_get_data(handle, data_name, &data) == PAM_SUCCESS && data != nullptr) {
        // The handle keeps it const only in name: pam_set_data was given it writable.
        auto *found = static_cast<Memory *>(const_cast<void *>(data));
        if (found->pid_ == getpid())
            return found;
        if (!make)
            return nullptr;
    }
    if (!make)
        return nullptr;
    void *place = std::calloc(1, sizeof(Memory));
    if (place == nullptr)
        return nullptr;
    auto *made = new (place) Memory;
    made->pid_ = getpid();
    if (pam_set_data(handle, data_name, made, &forget) != PAM_SUCCESS) {
        std::free(place);
        return nullptr;
    }
    return made;
}

bool Memory::is_same(const Door &door) const
{
    return requester_.view() == door.requester && account_name_.view() == door.account &&
           service_.view() == door.service && role_.view() == door.role;
}

void Memory::remember(const Door &door, const Passage &passage, BootTime now)
{
    if (!is_same(door)) {
        auth_.reset();
        account_.reset();
    }
    const bool fits = requester_.set(door.requester) && account_name_.set(door.account) &&
                      service_.set(door.service) && role_.set(door.role);
    if (door.phase == Phase::auth) {
        auth_.reset();
        if (fits)
            auth_ = passage.outcome;
        at_ = now;
    } else {
        account_ = passage.outcome;
    }
    grant_ = passage.grant;
    confine_ = passage.confine;
    carry_ = passage.carry;
}

std::optional<Passage> Memory::recall_auth(const Door &door, BootTime now) const
{
    if (!auth_ || !is_same(door))
        return std::nullopt;
    if (*auth_ == Outcome::allowed && (now < at_ || now - at_ >= allowed_for))
        return std::nullopt;
    Passage passage;
    passage.outcome = *auth_;
    passage.grant = grant_;
    passage.confine = confine_;
    return passage;
}

} // namespace jit::pam
