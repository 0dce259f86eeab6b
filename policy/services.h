// The PAM services that a role may list, and what each of them covers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jit::policy {

std::span<const std::string_view> supported_services();

// Whether a role that lists `listed` also answers for `service`: sudo covers sudo-i, su covers
// su-l, everything covers itself.
bool covers(std::string_view listed, std::string_view service);

// All that `services` of a role cover, each once: what is listed, and the supported ones that it
// answers for. Borrows from the list.
std::vector<std::string_view> covered_by(std::span<const std::string> listed);

// Whether who passes it comes from an address, PAM_RHOST.
bool has_address(std::string_view service);

} // namespace jit::policy
