#include "policy/services.h"

#include <algorithm>
#include <array>

#include "policy/model.h"

namespace jit::policy {

std::span<const std::string_view> supported_services()
{
    static constexpr std::array<std::string_view, 7> names{"sudo", "sudo-i", "su",      "su-l",
                                                           "sshd", "login",  "polkit-1"};
    return names;
}

bool covers(std::string_view listed, std::string_view service)
{
    return listed == service || (listed == "sudo" && service == "sudo-i") ||
           (listed == "su" && service == "su-l");
}

std::vector<std::string_view> doors_of(const Role &role)
{
    std::vector<std::string_view> out;
    const auto add = [&](std::string_view service) {
        const bool is_sudo = service == "sudo" || service == "sudo-i";
        if (is_sudo && !role.pam_service.empty())
            service = role.pam_service;
        if (std::find(out.begin(), out.end(), service) == out.end())
            out.push_back(service);
    };
    for (const std::string &each : role.services) {
        add(each);
        for (const std::string_view service : supported_services())
            if (covers(each, service))
                add(service);
    }
    return out;
}

std::string_view asked_as(std::string_view service)
{
    return service.starts_with("sshd-") ? std::string_view{"sshd"} : service;
}

bool has_session(std::string_view service)
{
    return service != "polkit-1";
}

bool is_su(std::string_view service)
{
    return service == "su" || service == "su-l";
}

bool has_address(std::string_view service)
{
    return service == "sshd" || service == "login";
}

} // namespace jit::policy
