// Who is knocking, as far as the program and the kernel say it.
#pragma once

#include <security/pam_modules.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/fixed_text.h"
#include "pam_jit/command_line.h"
#include "pam_jit/texts.h"

namespace jit::pam {

inline constexpr std::size_t max_login_bytes = 256; // LOGIN_NAME_MAX

// Texts belong to the handle or to this, and live as long as the call of the module.
struct Caller {
    Caller() = default;
    Caller(const Caller &) = delete;
    Caller &operator=(const Caller &) = delete;

    std::string_view service;
    std::string_view requester;            // whose grant is asked for
    std::string_view account;              // PAM_USER
    std::array<std::string_view, 2> names; // of the account's uid
    std::size_t name_count = 0;            // 0: it could not be resolved
    std::string_view tty;
    std::string_view rhost;      // over ssh: the client's address, whatever it is called
    std::string_view connection; // over ssh: SSH_CONNECTION, sshd(8); else empty
    std::string_view proof;      // over ssh: SSH_AUTH_INFO_0, what has succeeded so far
    FixedText<max_command_bytes> command;
    bool is_by_uid = false;          // sudo and su: the real uid proves the requester
    bool is_exempt = false;          // root by real uid, or root on the console
    bool is_non_interactive = false; // sudo -n
    std::optional<Sentence> problem; // why nobody can be asked for: deny

    FixedText<max_login_bytes> person;     // the passwd name of the real uid
    FixedText<max_login_bytes> first_name; // and of the account's uid

    std::span<const std::string_view> account_names() const { return {names.data(), name_count}; }
};

std::string_view service_of(pam_handle_t *handle);
bool has_user(pam_handle_t *handle); // PAM_USER is known without asking for it

// Fills in all but the names when is_exempt or problem is set.
void read_caller(pam_handle_t *handle, Caller &out);

// A terminal whose user stands at the machine: tty[0-9]+ ttyS* ttyAMA* hvc* console.
bool is_console(std::string_view tty);

} // namespace jit::pam
