// A second opinion on RS256 signatures that shares no code with the first: OpenSSL's EVP interface
// and its own base64.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>

#include "lib/base/handle.h"
#include "lib/oidc/jwks.h"

namespace jit::oidc {

inline std::string evp_decode(std::string text)
{
    for (char &c : text)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    const std::size_t padding = (4 - text.size() % 4) % 4;
    text.append(padding, '=');
    std::string bytes(text.size(), '\0');
    const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char *>(bytes.data()),
                                       reinterpret_cast<const unsigned char *>(text.data()),
                                       static_cast<int>(text.size()));
    if (length < 0 || padding > 2)
        return {};
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

// Whether the last part is an RS256 signature of the first two by the key.
inline bool evp_verifies(const std::string &token, const Key &key)
{
    const auto number = [](const std::string &text) {
        const std::string bytes = evp_decode(text);
        return Handle<BIGNUM, &BN_free>{
            BN_bin2bn(reinterpret_cast<const unsigned char *>(bytes.data()),
                      static_cast<int>(bytes.size()), nullptr)};
    };
    const auto n = number(key.n);
    const auto e = number(key.e);
    const Handle<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free> build{OSSL_PARAM_BLD_new()};
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    const Handle<OSSL_PARAM, &OSSL_PARAM_free> params{OSSL_PARAM_BLD_to_param(build.get())};
    const Handle<EVP_PKEY_CTX, &EVP_PKEY_CTX_free> maker{
        EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
    EVP_PKEY *made = nullptr;
    if (EVP_PKEY_fromdata_init(maker.get()) <= 0 ||
        EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0)
        return false;
    const Handle<EVP_PKEY, &EVP_PKEY_free> rsa{made};

    const std::size_t end = token.rfind('.');
    const std::string signature = evp_decode(token.substr(end + 1));
    const Handle<EVP_MD_CTX, &EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, rsa.get()) == 1 &&
           EVP_DigestVerify(
               context.get(), reinterpret_cast<const unsigned char *>(signature.data()),
               signature.size(), reinterpret_cast<const unsigned char *>(token.data()), end) == 1;
}

} // namespace jit::oidc
