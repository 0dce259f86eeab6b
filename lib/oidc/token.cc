#include "lib/oidc/token.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/oidc/base64url.h"
#include "lib/oidc/json.h"
#include "lib/oidc/signature.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_token_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_kid_bytes = 256;
constexpr std::size_t max_subject_bytes = 255; // OpenID Connect Core section 2
constexpr std::size_t max_uti_bytes = 256;
constexpr std::size_t max_listed = 1000;
constexpr std::size_t max_listed_bytes = 256;
constexpr seconds max_skew{300};
constexpr seconds backdated{300};                   // Entra sets iat and nbf five minutes back
constexpr json_int_t last_second = 253'402'300'799; // the end of the year 9999

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
    if (key.issuer.empty())
        return true;
    constexpr std::string_view mark = "{tenantid}";
    std::string issuer = key.issuer;
    if (const std::size_t at = issuer.find(mark); expected.is_entra && at != std::string::npos)
        issuer.replace(at, mark.size(), expected.tenant);
    return issuer == expected.issuer;
}

// A whole number of seconds since 1970.
std::optional<WallTime> read_time(const json_t *claims, const char *name)
{
    const json_t *member = json_object_get(claims, name);
    if (!json_is_integer(member))
        return std::nullopt;
    const json_int_t value = json_integer_value(member);
    if (value < 1 || value > last_second)
        return std::nullopt;
    return WallTime{seconds{value}};
}

bool is_right_issuer(const json_t *claims, const Expectations &expected)
{
    if (expected.issuer.empty() || text_member(claims, "iss") != expected.issuer)
        return false;
    if (!expected.is_entra)
        return true;
    const auto tenant = text_member(claims, "tid");
    return text_member(claims, "ver") == "2.0" && tenant && is_guid(*tenant) &&
           to_lower(*tenant) == expected.tenant;
}

// OpenID Connect Core section 3.1.3.7, points 3 to 5.
bool is_right_audience(const json_t *claims, const Expectations &expected)
{
    const std::string_view client = expected.client_id;
    const json_t *azp = json_object_get(claims, "azp");
    if (client.empty() || (azp != nullptr && text_member(claims, "azp") != client))
        return false;
    // Only Entra's access tokens have scopes: such a token was made for a service, not for us.
    if (expected.is_entra && json_object_get(claims, "scp") != nullptr)
        return false;
    const json_t *audience = json_object_get(claims, "aud");
    if (json_is_string(audience))
        return text_member(claims, "aud") == client;
    if (expected.is_entra || !json_is_array(audience))
        return false;
    std::size_t ours = 0;
    for (std::size_t i = 0; i < json_array_size(audience); ++i) {
        const json_t *one = json_array_get(audience, i);
        if (!json_is_string(one))
            return false;
        ours += std::string_view{json_string_value(one), json_string_length(one)} == client;
    }
    return ours == 1 && (json_array_size(audience) == 1 || azp != nullptr);
}

std::optional<TokenFault> read_times(const json_t *claims, const Expectations &expected,
                                     WallTime now, WallTime began, seconds skew, Claims &out)
{
    const auto expires = read_time(claims, "exp");
    const auto issued = read_time(claims, "iat");
    const auto not_before = read_time(claims, "nbf");
    const bool has_nbf = json_object_get(claims, "nbf") != nullptr;
    if (!expires || !issued || (!not_before && (has_nbf || expected.is_entra)))
        return TokenFault::malformed;
    if (*expires <= now - skew)
        return TokenFault::expired;
    if (*issued > now + skew || (not_before && *not_before > now + skew))
        return TokenFault::not_yet_valid;
    if (*issued < began - backdated - skew)
        return TokenFault::stale;
    out.issued_at = *issued;
    out.expires_at = *expires;
    return std::nullopt;
}

std::optional<std::string> read_subject(const json_t *claims, const Expectations &expected)
{
    const auto subject = text_member(claims, expected.is_entra ? "oid" : "sub");
    if (!subject)
        return std::nullopt;
    if (expected.is_entra)
        return is_guid(*subject) ? std::optional{to_lower(*subject)} : std::nullopt;
    // It is compared with the configuration, logged and shown: printable ASCII without spaces.
    const bool printable =
        std::all_of(subject->begin(), subject->end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (subject->empty() || subject->size() > max_subject_bytes || !printable)
        return std::nullopt;
    return std::string{*subject};
}

// False for anything but a list of texts.
bool read_texts(const json_t *member, std::vector<std::string> &out)
{
    if (!json_is_array(member))
        return false;
    for (std::size_t i = 0; i < json_array_size(member); ++i) {
        const json_t *one = json_array_get(member, i);
        if (!json_is_string(one) || json_string_length(one) == 0 ||
            json_string_length(one) > max_listed_bytes)
            return false;
        out.emplace_back(json_string_value(one), json_string_length(one));
    }
    return true;
}

// Entra leaves the list out when it would be too long and says so in one of two ways.
bool read_groups(const json_t *claims, Claims &out)
{
    if (const json_t *has = json_object_get(claims, "hasgroups"); has != nullptr) {
        if (!json_is_boolean(has) && text_member(claims, "hasgroups") != "true")
            return false;
        out.group_overage = !json_is_false(has);
    }
    if (const json_t *names = json_object_get(claims, "_claim_names"); names != nullptr) {
        if (!json_is_object(names))
            return false;
        if (json_object_get(names, "groups") != nullptr)
            out.group_overage = true;
    }
    const json_t *groups = json_object_get(claims, "groups");
    if (groups == nullptr)
        return true;
    if (json_array_size(groups) > max_listed) {
        out.group_overage = true;
        return true;
    }
    std::vector<std::string> read;
    if (!read_texts(groups, read))
        return false;
    for (std::string &group : read)
        group = to_lower(group);
    out.groups = std::move(read);
    return true;
}

bool read_lists(const json_t *claims, Claims &out)
{
    const json_t *roles = json_object_get(claims, "roles");
    if (roles != nullptr &&
        (json_array_size(roles) > max_listed || !read_texts(roles, out.app_roles)))
        return false;
    return read_groups(claims, out);
}

bool read_uti(const json_t *claims, const Expectations &expected, Claims &out)
{
    const char *name = expected.is_entra ? "uti" : "jti";
    if (json_object_get(claims, name) == nullptr)
        return true;
    const auto uti = text_member(claims, name);
    if (!uti || uti->size() > max_uti_bytes)
        return false;
    out.uti = *uti;
    return true;
}

Judged judge_claims(const json_t *claims, const Expectations &expected, WallTime now,
                    WallTime began, seconds skew)
{
    if (!is_right_issuer(claims, expected))
        return TokenFault::wrong_issuer;
    if (!is_right_audience(claims, expected))
        return TokenFault::wrong_audience;
    Claims out;
    if (const auto fault = read_times(claims, expected, now, began, skew, out))
        return *fault;
    auto subject = read_subject(claims, expected);
    if (!subject)
        return TokenFault::no_subject;
    out.oid = *std::move(subject);
    if (!read_uti(claims, expected, out) || !read_lists(claims, out))
        return TokenFault::malformed;
    return out;
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
    return judge_claims(claims.get(), expected, now, began, std::clamp(skew, seconds{0}, max_skew));
}

} // namespace jit::oidc
