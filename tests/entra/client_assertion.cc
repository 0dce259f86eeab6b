#include "tests/entra/client_assertion.h"

#include <vector>

#include <openssl/rsa.h>

#include "lib/base/text.h"

namespace jit::entra {

namespace {

using DigestContext = Handle<EVP_MD_CTX, &EVP_MD_CTX_free>;

constexpr long longest_s = 600;
constexpr long skew_s = 60;

struct Assertion {
    Json header;
    Json claims;
    std::string_view signed_text;
    std::string signature;
};

std::string text_of(const Json &object, const char *name)
{
    const char *text = json_string_value(json_object_get(object.get(), name));
    return text == nullptr ? "" : text;
}

std::optional<Assertion> split(std::string_view text)
{
    const std::size_t first = text.find('.');
    const std::size_t second = text.find('.', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
        return std::nullopt;
    const auto header = decode_base64url(text.substr(0, first));
    const auto claims = decode_base64url(text.substr(first + 1, second - first - 1));
    auto signature = decode_base64url(text.substr(second + 1));
    if (!header || !claims || !signature)
        return std::nullopt;
    Assertion assertion{parse_json(*header), parse_json(*claims), text.substr(0, second),
                        *std::move(signature)};
    if (!json_is_object(assertion.header.get()) || !json_is_object(assertion.claims.get()))
        return std::nullopt;
    return assertion;
}

bool is_signed_by(const Assertion &assertion, const HostCertificate &certificate, bool is_pss)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate.certificate.get());
    const DigestContext context{EVP_MD_CTX_new()};
    EVP_PKEY_CTX *padding = nullptr; // the digest context's
    if (!context || key == nullptr ||
        EVP_DigestVerifyInit(context.get(), &padding, EVP_sha256(), nullptr, key) != 1)
        return false;
    if (is_pss && (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1 ||
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<const unsigned char *>(text.data());
    };
    return EVP_DigestVerify(context.get(), bytes(assertion.signature), assertion.signature.size(),
                            bytes(assertion.signed_text), assertion.signed_text.size()) == 1;
}

OauthError refuse(int aadsts, const std::string &text)
{
    return {401, "invalid_client", aadsts, text, "", ""};
}

std::optional<OauthError> refuse_signature(const World &world, const App &app,
                                           const Assertion &assertion)
{
    const std::string algorithm = text_of(assertion.header, "alg");
    if (algorithm != "RS256" && algorithm != "PS256")
        return refuse(5002738, "Invalid JWT token. '" + algorithm +
                                   "' is not a supported signature algorithm.");
    const std::string sha256 = text_of(assertion.header, "x5t#S256");
    const SharedCertificate certificate = world.host_credentials.find(
        app.client_id, sha256.empty() ? text_of(assertion.header, "x5t") : sha256);
    const std::string failed = "Client assertion failed signature validation. ";
    if (!certificate)
        return refuse(700027, failed + "[Reason - The key was not found.]");
    if (X509_cmp_current_time(X509_get0_notAfter(certificate->certificate.get())) < 0)
        return refuse(700027, failed + "[Reason - The key used is expired.]");
    if (!is_signed_by(assertion, *certificate, algorithm == "PS256"))
        return refuse(700027, failed + "[Reason - The provided signature value did not match the "
                                       "expected signature value.]");
    return std::nullopt;
}

// A number, or nothing: a text is none.
std::optional<long> number_of(const Json &claims, const char *name)
{
    const json_t *value = json_object_get(claims.get(), name);
    return json_is_integer(value) ? std::optional{static_cast<long>(json_integer_value(value))}
                                  : std::nullopt;
}

std::optional<OauthError> refuse_times(const Json &claims, long now)
{
    const auto exp = number_of(claims, "exp");
    const auto nbf = number_of(claims, "nbf");
    if (!exp || *exp <= now || *exp > now + longest_s + skew_s || (nbf && *nbf > now + skew_s) ||
        (nbf && *exp - *nbf > longest_s))
        return refuse(700024, "Client assertion is not within its valid time range.");
    return std::nullopt;
}

} // namespace

std::optional<OauthError> refuse_assertion(World &world, const App &app, const std::string &text,
                                           const std::string &audience, WallTime now)
{
    const auto assertion = split(text);
    if (!assertion)
        return OauthError{400, "invalid_request", 50027, "", "", ""};
    if (auto error = refuse_signature(world, app, *assertion))
        return error;
    const Json &claims = assertion->claims;
    if (text_of(claims, "aud") != audience)
        return refuse(700023, "Client assertion audience claim does not match Realm issuer.");
    if (to_lower(text_of(claims, "iss")) != app.client_id ||
        to_lower(text_of(claims, "sub")) != app.client_id)
        return refuse(700021, "Client assertion application identifier doesn't match 'client_id' "
                              "parameter.");
    if (auto error = refuse_times(claims, static_cast<long>(now.time_since_epoch().count())))
        return error;
    const std::string id = text_of(claims, "jti");
    if (id.empty() || !world.host_credentials.use_once(app.client_id + id)) // no number is known
        return refuse(0, "The client assertion has no id, or was used before.");
    return std::nullopt;
}

} // namespace jit::entra
