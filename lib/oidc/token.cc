#include "lib/oidc/token.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/oidc/base64url.h"
#include "lib/oidc/claims.h"
#include "lib/oidc/json.h"
#include "lib/oidc/signature.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_token_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_kid_bytes = 256;
constexpr std::size_t max_signature_id_bytes = 86; // 64 bytes of it

std::optional<SignedParts> split(std::string_view token)
{
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos)
        return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return std::nullopt;
    const SignedParts parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                            token.substr(second + 1)};
    if (parts.header.empty() || parts.payload.empty() || parts.signature.empty())
        return std::nullopt;
    return parts;
}

Json decode_object(std::string_view base64url)
{
    const auto text = decode_base64url(base64url);
    return text ? parse_object(*text) : nullptr;
}

// The kid, once the header (RFC 7515 section 4.1) is one that we accept.
std::variant<std::string, TokenFault> read_header(const json_t *header)
{
    // Exactly this text: with anything else an attacker would choose how he is verified.
    if (text_member(header, "alg") != "RS256")
        return TokenFault::bad_algorithm;
    // Extensions we would have to understand, and keys that the token brings along.
    for (const char *name : {"crit", "b64", "jwk", "jku", "x5u", "x5c"})
        if (json_object_get(header, name) != nullptr)
            return TokenFault::bad_algorithm;
    if (json_object_get(header, "typ") != nullptr &&
        to_lower(text_member(header, "typ").value_or("")) != "jwt")
        return TokenFault::malformed;
    const auto kid = text_member(header, "kid");
    if (!kid || kid->empty() || kid->size() > max_kid_bytes)
        return TokenFault::malformed;
    return std::string{*kid};
}

// Microsoft's keys say whose tokens they may sign: a tenant's, or with the template any tenant's.
bool is_for_issuer(const Key &key, const Expectations &expected)
{
    return key.issuer.empty() || is_issuer(key.issuer, expected);
}

} // namespace

std::string_view name_of(TokenFault fault)
{
    switch (fault) {
    case TokenFault::malformed:
        return "malformed";
    case TokenFault::bad_algorithm:
        return "bad-algorithm";
    case TokenFault::unknown_key:
        return "unknown-key";
    case TokenFault::bad_key:
        return "bad-key";
    case TokenFault::bad_signature:
        return "bad-signature";
    case TokenFault::wrong_issuer:
        return "wrong-issuer";
    case TokenFault::wrong_audience:
        return "wrong-audience";
    case TokenFault::expired:
        return "expired";
    case TokenFault::not_yet_valid:
        return "not-yet-valid";
    case TokenFault::stale:
        return "stale";
    case TokenFault::no_subject:
        return "no-subject";
    case TokenFault::replayed:
        return "replayed";
    }
    return "unknown-fault";
}

// Nothing that the payload says is believed before the signature over it is known to be good.
Judged verify_id_token(std::string_view token, const KeySet &keys, const Expectations &expected,
                       WallTime now, WallTime began, std::chrono::seconds skew)
{
    if (token.size() > max_token_bytes)
        return TokenFault::malformed;
    const auto parts = split(token);
    if (!parts || !decode_base64url(parts->signature))
        return TokenFault::malformed;
    const Json header = decode_object(parts->header);
    const Json claims = decode_object(parts->payload);
    if (!header || !claims)
        return TokenFault::malformed;

    const auto kid = read_header(header.get());
    if (const auto *fault = std::get_if<TokenFault>(&kid))
        return *fault;
    const Key *key = keys.find(std::get<std::string>(kid));
    if (key == nullptr)
        return TokenFault::unknown_key;
    if (!is_fit(*key) || !is_for_issuer(*key, expected))
        return TokenFault::bad_key;
    if (!verify_rs256(*parts, *key))
        return TokenFault::bad_signature;
    auto judged =
        judge_claims(claims.get(), expected, now, began, std::clamp(skew, seconds{0}, max_skew));
    // A token without an id of its own is known by its signature.
    if (auto *good = std::get_if<Claims>(&judged); good != nullptr && good->uti.empty())
        good->uti = parts->signature.substr(0, max_signature_id_bytes);
    return judged;
}

} // namespace jit::oidc
