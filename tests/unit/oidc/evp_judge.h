// A second opinion on RS256 signatures that shares no code with the first: OpenSSL's EVP interface
// and its own base64.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <optional>
#include <string>

#include "lib/base/handle.h"

namespace jit::oidc {

// Strict base64url: what does not become the same text when it is encoded again is none.
inline std::optional<std::string> evp_decode(const std::string &text)
{
    std::string padded = text;
    for (char &c : padded)
        c = c == '-' ? '+' : c == '_' ? '/' : '=' == c || c == '+' || c == '/' ? '!' : c;
    padded.append((4 - text.size() % 4) % 4, '=');
    std::string bytes(padded.size(), '\0');
    const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char *>(bytes.data()),
                                       reinterpret_cast<const unsigned char *>(padded.data()),
                                       static_cast<int>(padded.size()));
    if (length < 0 || text.size() % 4 == 1)
        return std::nullopt;
    bytes.resize(text.size() * 3 / 4);

    std::string again(padded.size() + 1, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char *>(again.data()),
                    reinterpret_cast<const unsigned char *>(bytes.data()),
                    static_cast<int>(bytes.size()));
    again.pop_back();
    return again == padded ? std::optional{bytes} : std::nullopt;
}

using EvpKey = Handle<EVP_PKEY, &EVP_PKEY_free>;

// An RSA key of its numbers in base64url: 2048 to 8192 bits, and exponents that make sense. Else
// nullptr.
inline EvpKey make_evp_key(const std::string &modulus, const std::string &exponent)
{
    const auto number = [](const std::string &text) {
        const std::string bytes = evp_decode(text).value_or("");
        return Handle<BIGNUM, &BN_free>{
            BN_bin2bn(reinterpret_cast<const unsigned char *>(bytes.data()),
                      static_cast<int>(bytes.size()), nullptr)};
    };
    const auto n = number(modulus);
    const auto e = number(exponent);
    if (BN_num_bits(n.get()) < 2048 || BN_num_bits(n.get()) > 8192 || !BN_is_odd(n.get()) ||
        !BN_is_odd(e.get()) || BN_is_one(e.get()) || BN_num_bits(e.get()) > 32)
        return nullptr;
    const Handle<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free> build{OSSL_PARAM_BLD_new()};
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    const Handle<OSSL_PARAM, &OSSL_PARAM_free> params{OSSL_PARAM_BLD_to_param(build.get())};
    const Handle<EVP_PKEY_CTX, &EVP_PKEY_CTX_free> maker{
        EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
    EVP_PKEY *made = nullptr;
    (void)EVP_PKEY_fromdata_init(maker.get());
    (void)EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get());
    return EvpKey{made};
}

// RSASSA-PKCS1-v1_5 with SHA-256.
inline bool evp_verifies(const std::string &text, const std::string &signature, EVP_PKEY *key)
{
    const Handle<EVP_MD_CTX, &EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(),
                            reinterpret_cast<const unsigned char *>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char *>(text.data()),
                            text.size()) == 1;
}

} // namespace jit::oidc
