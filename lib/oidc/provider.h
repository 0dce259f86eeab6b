// What is expected of the provider, and what its discovery document says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/oidc/http_message.h"

namespace jit::oidc {

// From the configuration; the same for the daemon's whole life.
struct Expectations {
    bool is_entra = true;
    std::string tenant;         // lower-case GUID; empty unless is_entra
    std::string issuer;         // exactly as the token must say
    std::string authority_host; // host[:port] that every endpoint must have
    std::string discovery_url;
    std::vector<std::string> verification_hosts;
    std::string client_id;
    std::vector<std::string> scopes;
    // Where Microsoft Graph may be in this cloud, the usual place first; empty: nowhere.
    std::vector<std::string> graph_hosts;
};

struct Provider {
    std::string device_authorization_endpoint;
    std::string token_endpoint;
    std::string jwks_uri;
    std::string graph_host; // one of Expectations::graph_hosts; empty: none
};

// What a token for Microsoft Graph must open, where it is to activate a membership of Privileged
// Identity Management (PIM for Groups, delegated permissions); Graph's host goes before each.
inline constexpr std::string_view activation_scopes[] = {
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "RoleManagementPolicy.Read.AzureADGroup",
};

// Whether the scopes ask for a token that opens Graph there.
bool asks_for_graph(const Expectations &expected, const Provider &provider);

// Whether a document means the expected issuer: byte for byte, or with "{tenantid}" in the place of
// Entra's tenant, as documents and keys for all tenants have it.
bool is_issuer(std::string_view named, const Expectations &expected);

HttpRequest make_discovery_request(const Expectations &expected);

// Reads a discovery document (OpenID Connect Discovery 1.0 section 3, RFC 8628 section 4).
//   errors   unavailable: not received, or put off (pace.h); bad_input: another status, or no
//            document; denied: another issuer, an endpoint missing, not https or on another host
Result<Provider> read_discovery_reply(const Expectations &expected, const HttpReply &reply);

// Whether a URI may be shown to a person: https, no user part, host among verification_hosts,
// printable ASCII, at most 200 bytes.
bool is_showable_uri(const Expectations &expected, std::string_view uri);

} // namespace jit::oidc
