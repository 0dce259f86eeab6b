#include "tests/entra/clouds.h"

#include <array>

namespace jit::entra {

namespace {

constexpr std::array clouds{
    Cloud{"login.microsoftonline.com", "graph.microsoft.com", "login.microsoft.com/device",
          "microsoftonline.com", "WW"},
    Cloud{"login.microsoftonline.us", "graph.microsoft.us", "microsoft.com/deviceloginus",
          "microsoftonline.us", "USGov"},
    // Its page is not known; this one the public authority has as well.
    Cloud{"login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn",
          "login.partner.microsoftonline.cn/common/oauth2/deviceauth", "partner.microsoftonline.cn",
          "CN"},
};

} // namespace

const Cloud &public_cloud()
{
    return clouds.front();
}

std::string graph_resource(const Cloud &cloud)
{
    return "https://" + std::string{cloud.graph_host};
}

const Cloud *find_cloud_of_authority(std::string_view host)
{
    for (const Cloud &cloud : clouds)
        if (cloud.authority_host == host)
            return &cloud;
    return nullptr;
}

const Cloud *find_cloud_of_graph(std::string_view host)
{
    for (const Cloud &cloud : clouds)
        if (cloud.graph_host == host)
            return &cloud;
    return nullptr;
}

bool is_code_page(std::string_view host, std::string_view path)
{
    // Microsoft has several addresses for the public cloud's.
    if ((host == "login.microsoft.com" || host == "microsoft.com" || host == "www.microsoft.com") &&
        (path == "/device" || path == "/devicelogin"))
        return true;
    const std::string address = std::string{host}.append(path);
    for (const Cloud &cloud : clouds)
        if (cloud.page == address)
            return true;
    return false;
}

} // namespace jit::entra
