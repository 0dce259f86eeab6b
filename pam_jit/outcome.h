// How a phase ended, and the PAM code that says so.
#pragma once

#include <cstdint>

namespace jit::pam {

enum class Phase {
    auth,
    account,
};

// The values lie far apart in bits, so that no single fault in memory turns one into another.
enum class Outcome : std::uint32_t {
    allowed = 0x6996A53C,
    ignored = 0x1EE15AC3,           // no business of ours; other lines decide
    denied = 0xB44B0FF0,            // understood, and the answer is no
    unreachable = 0xD22DC396,       // jitd gave no answer
    aborted = 0x87783C69,           // Ctrl-C, a signal, or the terminal is gone
    conversation_lost = 0x5AA5F00F, // the program could not show or ask
    broken = 0xE11E6996, // an answer that makes no sense, or a wrong line in the PAM file
};

// The PAM code; PAM_SYSTEM_ERR for any value that is not an enumerator.
int code_of(Outcome outcome, Phase phase);

const char *name_of(Outcome outcome);

} // namespace jit::pam
