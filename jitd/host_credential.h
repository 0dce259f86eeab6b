// The host's own access token for Microsoft Graph: lib/oidc's HostToken, with the provider's
// endpoint, HTTPS, a clock and the files that it asks for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jitd/provider_cache.h"
#include "lib/net/http.h"
#include "lib/oidc/host_token.h"
#include "lib/sys/event.h"
#include "policy/config.h"

namespace jit::daemon {

class HostCredential
{
  public:
    struct Parts {
        sd_event *loop;
        net::HttpClient &http;
        ProviderCache &cache;
        policy::Config::Credential way; // not none
        std::string client_id;
        std::shared_ptr<const oidc::HostKey> key; // with certificate
        std::string arc_folder = "/var/opt/azcmagent/tokens";
    };
    // The token, borrowed for the call, and the host of the Graph that it is for; null: why not.
    using Ready = std::function<void(const SecretString *token, const std::string &graph_host,
                                     const oidc::TokenFailed &failed)>;

    // Borrows loop, client and cache.
    static Result<std::unique_ptr<HostCredential>> make(Parts parts);
    ~HostCredential();
    HostCredential(const HostCredential &) = delete;
    HostCredential &operator=(const HostCredential &) = delete;

    // Calls back once, perhaps before it returns; not after this object has gone.
    void ask(Ready ready);
    // Graph does not accept the token.
    void drop();

  private:
    explicit HostCredential(Parts parts) : parts_(std::move(parts)) {}
    void use(const oidc::Party &party);
    void go();
    void follow(oidc::TokenStep step);
    void answer(const oidc::TokenFailed *failed);

    Parts parts_;
    std::optional<oidc::HostToken> token_;
    std::string endpoint_; // with which token_ was made
    std::string graph_host_;
    std::vector<Ready> waiting_;
    net::HttpClient::Transfer transfer_ = 0;
    std::unique_ptr<sys::Timer> timer_;
    // What the cache calls back looks whether we are still there.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace jit::daemon
