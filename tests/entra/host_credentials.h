// What a host proves itself with: certificates of registrations, and the machine's managed
// identity.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/x509.h>

#include "lib/base/handle.h"

namespace jit::entra {

using Certificate = Handle<X509, &X509_free>;

struct HostCertificate {
    std::string client_id;
    Certificate certificate;
    std::string sha1;   // base64url: x5t
    std::string sha256; // x5t#S256
};

using SharedCertificate = std::shared_ptr<const HostCertificate>;

// Safe to use from many threads.
class HostCredentials
{
  public:
    // In place of those that the application has.
    //   keeps_old   besides them, as in a rollover
    //   returns     false: the text is no certificate in PEM
    bool add(const std::string &client_id, const std::string &pem, bool keeps_old);
    // The application's certificate of this thumbprint, SHA-1's or SHA-256's; or nullptr.
    SharedCertificate find(std::string_view client_id, std::string_view thumbprint) const;
    bool has_any(std::string_view client_id) const;

    // Whether this is the first use of an assertion's id.
    bool use_once(const std::string &assertion_id);
    void forget_uses();

    // What the managed identity may do.
    void set_permissions(std::vector<std::string> permissions);
    std::vector<std::string> permissions() const;

  private:
    mutable std::mutex mutex_;
    std::vector<SharedCertificate> certificates_;
    std::set<std::string> used_;
    std::vector<std::string> permissions_;
};

} // namespace jit::entra
