#include "tests/entra/keys.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tests/entra/encode.h"

namespace jit::entra {

namespace {

using Certificate = Handle<X509, &X509_free>;
using Number = Handle<BIGNUM, &BN_free>;
using DigestContext = Handle<EVP_MD_CTX, &EVP_MD_CTX_free>;
using Memory = Handle<BIO, &BIO_free_all>;

constexpr const char *any_tenant = "/{tenantid}/v2.0";
constexpr const char *consumer_tenant = "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";

// BIO_free_all and the getters of a BIO are macros; this is the one place that needs them.
std::string text_of(BIO *memory)
{
    char *data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string{};
}

Result<std::string> number_of(const EVP_PKEY *pair, const char *name)
{
    BIGNUM *raw = nullptr;
    if (EVP_PKEY_get_bn_param(pair, name, &raw) != 1)
        return Error{Code::internal, "key without a number"};
    const Number number{raw};
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
    BN_bn2bin(number.get(), reinterpret_cast<unsigned char *>(bytes.data()));
    return encode_base64url(bytes);
}

Result<std::string> make_certificate(EVP_PKEY *pair)
{
    const Certificate made{X509_new()};
    if (!made)
        return Error{Code::internal, "no certificate"};
    X509_NAME *name = X509_get_subject_name(made.get());
    const auto *shown =
        reinterpret_cast<const unsigned char *>("accounts.accesscontrol.windows.net");
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -86400);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 5L * 365 * 86400);
    X509_set_pubkey(made.get(), pair);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, shown, -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    if (X509_sign(made.get(), pair, EVP_sha256()) == 0)
        return Error{Code::internal, "certificate not signed"};
    const int size = i2d_X509(made.get(), nullptr);
    std::string der(static_cast<std::size_t>(size > 0 ? size : 0), '\0');
    auto *out = reinterpret_cast<unsigned char *>(der.data());
    if (i2d_X509(made.get(), &out) != size)
        return Error{Code::internal, "certificate not encoded"};
    return der;
}

} // namespace

Result<SharedKey> make_signing_key(std::string issuer_path)
{
    auto key = std::make_shared<SigningKey>();
    key->pair.reset(EVP_RSA_gen(2048));
    if (!key->pair)
        return Error{Code::internal, "no RSA key"};
    key->n = TRY(number_of(key->pair.get(), OSSL_PKEY_PARAM_RSA_N));
    key->e = TRY(number_of(key->pair.get(), OSSL_PKEY_PARAM_RSA_E));
    const std::string der = TRY(make_certificate(key->pair.get()));
    key->x5c = encode_base64(der);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(der.data(), der.size(), digest, &size, EVP_sha1(), nullptr) != 1)
        return Error{Code::internal, "no SHA-1"};
    key->kid = encode_base64url({reinterpret_cast<const char *>(digest), size});
    key->issuer_path = std::move(issuer_path);
    return SharedKey{std::move(key)};
}

Result<std::string> sign_rs256(const SigningKey &key, std::string_view text)
{
    const DigestContext context{EVP_MD_CTX_new()};
    const auto *bytes = reinterpret_cast<const unsigned char *>(text.data());
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.pair.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
        return Error{Code::internal, "no signature"};
    std::string signature(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char *>(signature.data()), &size,
                       bytes, text.size()) != 1)
        return Error{Code::internal, "no signature"};
    signature.resize(size);
    return signature;
}

Result<std::string> public_pem(const SigningKey &key)
{
    const Memory memory{BIO_new(BIO_s_mem())};
    if (!memory || PEM_write_bio_PUBKEY(memory.get(), key.pair.get()) != 1)
        return Error{Code::internal, "no PEM"};
    return text_of(memory.get());
}

Result<void> KeyRing::make(const std::string &tenant)
{
    active_ = TRY(make_signing_key(any_tenant));
    spare_ = TRY(make_signing_key("/" + tenant + "/v2.0"));
    consumer_ = TRY(make_signing_key(consumer_tenant));
    return {};
}

Result<void> KeyRing::rotate(bool keep_old)
{
    SharedKey made = TRY(make_signing_key(any_tenant));
    const std::lock_guard lock{mutex_};
    kept_ = keep_old ? active_ : nullptr;
    active_ = std::move(made);
    return {};
}

SharedKey KeyRing::active() const
{
    const std::lock_guard lock{mutex_};
    return active_;
}

SharedKey KeyRing::consumer() const
{
    const std::lock_guard lock{mutex_};
    return consumer_;
}

std::vector<SharedKey> KeyRing::published() const
{
    const std::lock_guard lock{mutex_};
    // The order means nothing: the signing key does not come first, so that nobody relies on it.
    std::vector<SharedKey> keys{spare_, active_, consumer_};
    if (kept_)
        keys.insert(keys.begin(), kept_);
    return keys;
}

} // namespace jit::entra
