// The signing keys: made at start, published as a JWKS with Microsoft's extra members, rolled over
// on demand.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "lib/base/handle.h"
#include "lib/base/result.h"

namespace jit::entra {

using PrivateKey = Handle<EVP_PKEY, &EVP_PKEY_free>;

struct SigningKey {
    PrivateKey pair;
    std::string kid; // also x5t: base64url of the certificate's SHA-1
    std::string n;   // base64url
    std::string e;   // base64url
    std::string x5c; // base64 of a self-made certificate
    // Whose tokens it may verify: this path at the authority, in which "{tenantid}" may stand for
    // any tenant.
    std::string issuer_path;
};

using SharedKey = std::shared_ptr<const SigningKey>;

// A 2048-bit RSA key with its certificate.
Result<SharedKey> make_signing_key(std::string issuer_path);

// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), as bytes.
Result<std::string> sign_rs256(const SigningKey &key, std::string_view text);
// The key's public half as PEM: what a confused verifier would take as an HMAC secret.
Result<std::string> public_pem(const SigningKey &key);

// Three keys: one that signs, issued for any tenant; one of this tenant that is merely published;
// and one that belongs to the consumer tenant, which no work token may be signed with.
class KeyRing
{
  public:
    Result<void> make(const std::string &tenant);
    // A new key signs from now on.
    //   keep_old   the one before is published still, as in a rollover that was planned; else
    //              neither it nor one that was kept then
    Result<void> rotate(bool keep_old);

    SharedKey active() const;
    SharedKey consumer() const;
    std::vector<SharedKey> published() const;

  private:
    mutable std::mutex mutex_;
    SharedKey active_;
    SharedKey kept_; // the one before, where it is published still
    SharedKey spare_;
    SharedKey consumer_;
};

} // namespace jit::entra
