// What the command line asked for, read and checked.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "lib/base/clock.h"

namespace jit::ctl {

enum class Verb {
    request,
    status,
    roles,
    list,
    extend,
    pending,
    approve,
    deny,
    drop,
    revoke,
    cancel,
    pins,
    confirm_pin,
    clear_pin,
    sudoers,
    policy_check,
    policy_explain,
    policy_simulate,
    policy_test,
    doctor,
    version,
};

struct Command {
    Verb verb = Verb::status;
    bool json = false;
    bool all = false;                             // list, revoke
    bool yes = false;                             // approve: nobody is asked for it
    std::optional<std::string> id;                // status, drop, revoke, cancel, approve, deny
    std::optional<std::string> role;              // request, drop, revoke
    std::optional<std::string> user;              // request, revoke, confirm_pin, clear_pin
    std::optional<std::string> reason;            // request, extend, deny, policy explain
    std::optional<std::chrono::seconds> duration; // request
    std::optional<std::string> directory;         // policy
    std::optional<WallTime> at;                   // policy explain: now; policy simulate: since
    std::optional<std::string> from;              // policy explain: the address of a login
    bool has_terminal = true;                     // policy explain
    bool is_group_style = false;                  // sudoers
    bool is_checked = false;                      // sudoers: ask visudo, too
    std::optional<std::string> file;              // policy explain: claims; policy test: the tests
};

} // namespace jit::ctl
