// One thing that was found on a host, and what to do about it.
#pragma once

#include <string>

namespace jit::doctor {

struct Finding {
    // fault: jit does not hold there. note: it does, and something is to be known.
    enum class Kind {
        fault,
        note
    } kind = Kind::fault;
    std::string where;  // "/etc/pam.d/sudo:3"
    std::string what;   // one sentence, without its full stop
    std::string advice; // what to write or do instead; may be empty
};

} // namespace jit::doctor
