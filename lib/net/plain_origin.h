// Who is asked over plain http: the two places on the host itself that give a managed identity's
// token. Neither has a certificate, neither is asked through a proxy, and no configuration adds a
// third.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace jit::net {

// Azure's Instance Metadata Service, at a link-local address that the hypervisor answers, and Azure
// Arc's agent. Compared to the slash that ends the origin: nothing of it is left to be parsed.
inline bool is_plain_origin(std::string_view url)
{
    constexpr std::string_view origins[] = {"http://169.254.169.254/", "http://localhost:40342/"};
    return std::any_of(std::begin(origins), std::end(origins),
                       [&](std::string_view origin) { return url.starts_with(origin); });
}

} // namespace jit::net
