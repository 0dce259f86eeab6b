// The host's own certificate and key, and what they sign: the assertion by which Entra knows the
// host. (Microsoft identity platform, "Application authentication certificate credentials"; RFC
// 7523 section 2.2.)
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

class HostKey
{
  public:
    //   certificate  PEM; the first certificate in it is the host's
    //   key          PEM, PKCS#8 or PKCS#1, RSA of 2048 to 8192 bits, not encrypted
    //   errors       bad_input, with what is wrong, also where the two do not belong together
    static Result<std::shared_ptr<const HostKey>> read(std::string_view certificate,
                                                       const SecretString &key);

    // The certificate is good before this.
    WallTime not_after() const { return not_after_; }
    // Which certificate it is: its SHA-256, in base64url.
    const std::string &thumbprint() const { return thumbprint_; }

    // A compact JWS by PS256, with the certificate's SHA-256 thumbprint in its header.
    //   payload  JSON
    //   errors   internal
    Result<SecretString> sign(std::string_view payload) const;

  private:
    HostKey(std::string thumbprint, WallTime not_after, Json key)
        : thumbprint_(std::move(thumbprint)), not_after_(not_after), key_(std::move(key))
    {
    }

    std::string thumbprint_; // base64url
    WallTime not_after_;
    Json key_; // as a JWK, which libjose signs with
};

} // namespace jit::oidc
