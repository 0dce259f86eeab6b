// Microsoft's clouds: which of its host names belong together.
//
//            authority                         Graph                            page
//   public   login.microsoftonline.com         graph.microsoft.com              login.microsoft.com
//   usgov    login.microsoftonline.us          graph.microsoft.us               microsoft.com
//   china    login.partner.microsoftonline.cn  microsoftgraph.chinacloudapi.cn  the authority
//
// The one directory of the configuration is in all of them, but a flow and a token are of the cloud
// that gave them.
#pragma once

#include <string>
#include <string_view>

namespace jit::entra {

struct Cloud {
    std::string_view authority_host;
    std::string_view graph_host;
    std::string_view page; // host and path
    std::string_view instance_name;
    std::string_view region_scope;
};

const Cloud &public_cloud();

// "https://graph.microsoft.com": what Graph's scopes begin with, and the audience of its tokens.
std::string graph_resource(const Cloud &cloud);

// By a host name in lower case; nullptr: none's.
const Cloud *find_cloud_of_authority(std::string_view host);
const Cloud *find_cloud_of_graph(std::string_view host);

// Whether people enter codes at this address, in whichever cloud.
bool is_code_page(std::string_view host, std::string_view path);

} // namespace jit::entra
