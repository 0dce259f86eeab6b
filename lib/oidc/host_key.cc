#include "lib/oidc/host_key.h"

#include <ctime>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "lib/oidc/base64url.h"
#include "lib/oidc/jose_quiet.h"

namespace jit::oidc {

namespace {

using Bio = Handle<BIO, &BIO_free_all>;
using PrivateKey = Handle<EVP_PKEY, &EVP_PKEY_free>;
using Certificate = Handle<X509, &X509_free>;

constexpr std::size_t max_pem_bytes = std::size_t{64} * 1024;
constexpr int min_key_bits = 2048;
constexpr int max_key_bits = 8192;

Bio view_of(std::string_view text)
{
    return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

// Else OpenSSL would ask on the terminal for the key of an encrypted file.
int give_no_password(char *, int, int, void *)
{
    return -1;
}

Result<PrivateKey> read_key(std::string_view pem)
{
    if (pem.find("-----BEGIN PRIVATE KEY-----") == std::string_view::npos &&
        pem.find("-----BEGIN RSA PRIVATE KEY-----") == std::string_view::npos)
        return Error{Code::bad_input, "the host's key is no PEM file with a private RSA key"};
    PrivateKey key{
        PEM_read_bio_PrivateKey(view_of(pem).get(), nullptr, &give_no_password, nullptr)};
    if (!key)
        return Error{Code::bad_input, "the host's key can not be read, or is encrypted"};
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
        return Error{Code::bad_input, "the host's key is no RSA key"};
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < min_key_bits || bits > max_key_bits)
        return Error{Code::bad_input, "the host's key has not 2048 to 8192 bits"};
    return key;
}

Result<std::string> thumbprint_of(const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), &digest[0], &size) != 1)
        return Error{Code::internal, "the certificate's digest can not be made"};
    return encode_base64url({reinterpret_cast<const char *>(&digest[0]), size});
}

Result<WallTime> end_of(const X509 *certificate)
{
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
        return Error{Code::bad_input, "the host's certificate has no end that can be read"};
    return WallTime{std::chrono::seconds{timegm(&end)}};
}

// libjose signs with keys in its own form.
Result<Json> jwk_of(EVP_PKEY *key)
{
    const JoseConfig cfg = make_quiet_config();
    Json jwk{cfg ? jose_openssl_jwk_from_EVP_PKEY(cfg.get(), key) : nullptr};
    if (!jwk)
        return Error{Code::internal, "the host's key can not be handed on"};
    return jwk;
}

} // namespace

Result<std::shared_ptr<const HostKey>> HostKey::read(std::string_view certificate,
                                                     const SecretString &key)
{
    if (certificate.size() > max_pem_bytes || key.reveal().size() > max_pem_bytes)
        return Error{Code::bad_input, "the host's certificate or key is too large"};
    // What OpenSSL notes of a failure here is nobody's business later on.
    const struct Forget {
        ~Forget() { ERR_clear_error(); }
    } forget;
    const PrivateKey pair = TRY(read_key(key.reveal()));
    const Certificate leaf{
        PEM_read_bio_X509(view_of(certificate).get(), nullptr, &give_no_password, nullptr)};
    if (!leaf)
        return Error{Code::bad_input, "the host's certificate is no PEM file with a certificate"};
    if (EVP_PKEY_eq(X509_get0_pubkey(leaf.get()), pair.get()) != 1)
        return Error{Code::bad_input, "the host's certificate is not of its key"};
    std::string thumbprint = TRY(thumbprint_of(leaf.get()));
    const WallTime end = TRY(end_of(leaf.get()));
    Json jwk = TRY(jwk_of(pair.get()));
    return std::shared_ptr<const HostKey>{new HostKey{std::move(thumbprint), end, std::move(jwk)}};
}

Result<SecretString> HostKey::sign(std::string_view payload) const
{
    const std::string encoded = encode_base64url(payload);
    const Json jws{json_pack("{s:s%}", "payload", encoded.data(), encoded.size())};
    const Json form{json_pack("{s:{s:s, s:s, s:s%}}", "protected", "alg", "PS256", "typ", "JWT",
                              "x5t#S256", thumbprint_.data(), thumbprint_.size())};
    const JoseConfig cfg = make_quiet_config();
    if (!jws || !form || !cfg || !jose_jws_sig(cfg.get(), jws.get(), form.get(), key_.get()))
        return Error{Code::internal, "the host's key does not sign"};
    const auto header = text_member(jws.get(), "protected");
    const auto signature = text_member(jws.get(), "signature");
    if (!header || !signature)
        return Error{Code::internal, "the host's key gives no signature"};
    std::string whole;
    whole.reserve(header->size() + encoded.size() + signature->size() + 2);
    whole += *header;
    whole += '.';
    whole += encoded;
    whole += '.';
    whole += *signature;
    return SecretString::take(whole);
}

} // namespace jit::oidc
