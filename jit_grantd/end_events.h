// What an end is called in the records.
#pragma once

#include <string_view>

#include "jit_grantd/outside.h"

namespace jit::grantd {

inline Records::Event event_of(std::string_view cause)
{
    if (cause == "expired" || cause == "used")
        return Records::Event::expired;
    if (cause == "dropped")
        return Records::Event::dropped;
    if (cause == "interrupted" || cause == "reboot")
        return Records::Event::reconciled;
    return Records::Event::revoked;
}

} // namespace jit::grantd
