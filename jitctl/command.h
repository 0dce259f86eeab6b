// What the command line asked for, read and checked.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace jit::ctl {

enum class Verb {
    request,
    status,
    roles,
    list,
    drop,
    revoke,
    cancel,
    pins,
    confirm_pin,
    clear_pin,
    policy_check,
    version,
};

struct Command {
    Verb verb = Verb::status;
    bool json = false;
    bool all = false;                             // list, revoke
    std::optional<std::string> id;                // status, drop, revoke, cancel
    std::optional<std::string> role;              // request, drop, revoke
    std::optional<std::string> user;              // request, revoke, confirm_pin, clear_pin
    std::optional<std::string> reason;            // request
    std::optional<std::chrono::seconds> duration; // request
    std::optional<std::string> directory;         // policy check
};

} // namespace jit::ctl
