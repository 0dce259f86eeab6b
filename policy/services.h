// The PAM services that a role may list, and what each of them covers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jit::policy {

struct Role;

std::span<const std::string_view> supported_services();

// Whether a role that lists `listed` also answers for `service`: sudo covers sudo-i, su covers
// su-l, everything covers itself.
bool covers(std::string_view listed, std::string_view service);

// The PAM services that a role gates, each once: what its `services` list, and the supported ones
// that those answer for; with a pam_service of its own that one in the place of sudo and sudo-i.
// Borrows from the role.
std::vector<std::string_view> doors_of(const Role &role);

// The service whose roles gate a door: itself, but sshd for the names that sshd_config(5) gives to
// some logins by PAMServiceName, "sshd-NAME". Borrows from the text.
std::string_view asked_as(std::string_view service);

// Whether who passes it has a session that is told to jitd, and a terminal that PAM names. polkit's
// helper only says who it is: what is let in then is polkit's and another program's.
bool has_session(std::string_view service);

// Whether it is one of su's two.
bool is_su(std::string_view service);

// Whether who passes it comes from an address, PAM_RHOST.
bool has_address(std::string_view service);

} // namespace jit::policy
