#include "policy/services.h"

#include <array>

namespace jit::policy {

std::span<const std::string_view> supported_services()
{
    static constexpr std::array<std::string_view, 4> names{"sudo", "sudo-i", "su", "su-l"};
    return names;
}

bool covers(std::string_view listed, std::string_view service)
{
    return listed == service || (listed == "sudo" && service == "sudo-i") ||
           (listed == "su" && service == "su-l");
}

bool has_address(std::string_view service)
{
    return service == "sshd" || service == "login";
}

} // namespace jit::policy
