// The arguments of a pam_jit.so line: pam_jit(8).
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

namespace jit::pam {

// Texts borrow from the arguments and live as long as the call of the module.
struct Arguments {
    std::string_view role; // empty: any
    std::string_view only; // services, divided by commas; empty: every one
    std::string_view socket = "/run/jit/io.jitd.Elevation";
    std::chrono::seconds fast{5};                // no answer from jitd at all
    std::optional<std::chrono::seconds> timeout; // a whole request; absent: the role's
    bool proven = false;
    bool observe = false;
    bool quiet = false;
    bool debug = false;
    const char *bad = nullptr; // the first argument that is unknown, malformed or given twice
};

Arguments parse_arguments(std::span<const char *const> arguments);

// Is there an only= that leaves this service out?
bool is_left_out(const Arguments &arguments, std::string_view service);

// "30s" "15m" "1h30m", units in the order d h m s, 1 second to 1 day.
std::optional<std::chrono::seconds> parse_wait(std::string_view text);

} // namespace jit::pam
