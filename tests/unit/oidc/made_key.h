// Keys and certificates made for the occasion, as PEM texts.
#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "lib/base/handle.h"
#include "lib/base/secret.h"
#include "tests/unit/oidc/evp_judge.h"

namespace jit::oidc {

using MadeCertificate = Handle<X509, &X509_free>;

inline std::string pem_of(const auto &write)
{
    const Handle<BIO, &BIO_free_all> out{BIO_new(BIO_s_mem())};
    write(out.get());
    char *text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

inline EvpKey make_rsa_key(unsigned bits = 2048)
{
    return EvpKey{EVP_RSA_gen(bits)};
}

inline MadeCertificate make_certificate(EVP_PKEY *key, long seconds_left = 3600)
{
    MadeCertificate made{X509_new()};
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds_left);
    X509_NAME *name = X509_get_subject_name(made.get());
    const std::string host = "web01";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char *>(host.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    X509_set_pubkey(made.get(), key);
    X509_sign(made.get(), key, EVP_sha256());
    return made;
}

inline std::string pkcs8_of(EVP_PKEY *key, const char *password = nullptr)
{
    return pem_of([&](BIO *out) {
        PEM_write_bio_PKCS8PrivateKey(out, key, password != nullptr ? EVP_aes_256_cbc() : nullptr,
                                      password, password != nullptr ? 1 : 0, nullptr, nullptr);
    });
}

inline std::string pkcs1_of(EVP_PKEY *key)
{
    return pem_of([&](BIO *out) {
        PEM_write_bio_PrivateKey_traditional(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

inline std::string pem_of(X509 *certificate)
{
    return pem_of([&](BIO *out) { PEM_write_bio_X509(out, certificate); });
}

// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, exactly (RFC 7518
// section 3.5).
inline bool evp_verifies_ps256(const std::string &text, const std::string &signature, EVP_PKEY *key)
{
    const Handle<EVP_MD_CTX, &EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
    EVP_PKEY_CTX *rsa = nullptr;
    return EVP_DigestVerifyInit(context.get(), &rsa, EVP_sha256(), nullptr, key) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(rsa, 32) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(rsa, EVP_sha256()) == 1 &&
           EVP_DigestVerify(context.get(),
                            reinterpret_cast<const unsigned char *>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char *>(text.data()),
                            text.size()) == 1;
}

} // namespace jit::oidc
