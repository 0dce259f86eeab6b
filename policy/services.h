// The PAM services that a role may list, and what each of them covers.
#pragma once

#include <span>
#include <string_view>

namespace jit::policy {

std::span<const std::string_view> supported_services();

// Whether a role that lists `listed` also answers for `service`: sudo covers sudo-i, su covers
// su-l, everything covers itself.
bool covers(std::string_view listed, std::string_view service);

// Whether who passes it comes from an address, PAM_RHOST.
bool has_address(std::string_view service);

} // namespace jit::policy
