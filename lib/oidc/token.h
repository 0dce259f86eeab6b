// An ID token judged: bytes, keys, expectations and the time in; claims or one named refusal out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/oidc/jwks.h"
#include "lib/oidc/provider.h"

namespace jit::oidc {

enum class TokenFault {
    malformed,     // not three base64url parts of JSON objects, too large, duplicate members
    bad_algorithm, // alg is not RS256, or crit is there
    unknown_key,   // no key of this kid: fetch the keys once more, then deny
    bad_key,       // the key is not fit: not RSA, below 2048 bits, not for this issuer
    bad_signature,
    wrong_issuer,   // iss, tid or ver
    wrong_audience, // aud
    expired,        // exp
    not_yet_valid,  // nbf, iat in the future
    stale,          // iat before the request began, with 300 s and the skew allowed for
    no_subject,     // oid missing or not a GUID (Entra), sub missing (others)
    replayed,       // the same token came before: SeenTokens says so
};

// How far Entra dates tokens back (iat and nbf), and how old a sign-in may be that it takes for one
// of this moment (sign-in frequency "every time").
inline constexpr std::chrono::seconds max_backdating{300};
// More than this is never allowed between the clocks.
inline constexpr std::chrono::seconds max_skew{300};

// A word for the audit, "bad-signature"; never shown alone to people.
std::string_view name_of(TokenFault fault);

struct Claims {
    std::string oid; // Entra: oid in lower case; others: sub
    std::string uti; // the token's id (uti, jti), else of its signature; never empty
    WallTime issued_at;
    WallTime expires_at;
    std::optional<std::vector<std::string>> groups; // lower case; absent: no claim
    bool group_overage = false;                     // _claim_names.groups or hasgroups
    std::vector<std::string> app_roles;
    std::vector<std::string> contexts;        // acrs: authentication contexts that were satisfied
    std::optional<WallTime> authenticated_at; // auth_time; absent: no claim
    // Entra alone. A person who has the account elsewhere, by acct or idp.
    bool is_guest = false;
    // upn, without it preferred_username, in lower case; empty: neither, or nothing that could be
    // matched. It can be given to somebody else: enough to find a person once, never to know him.
    std::string upn;
};

using Judged = std::variant<Claims, TokenFault>;

// Verifies an ID token by the checklist of OpenID Connect Core 1.0 section 3.1.3.7, RFC 8725 and
// Microsoft's access-tokens and claims-validation pages.
//   token       untrusted, at most 64 KiB
//   began       when the request began, for `iat`
//   skew        allowed between the clocks
Judged verify_id_token(std::string_view token, const KeySet &keys, const Expectations &expected,
                       WallTime now, WallTime began, std::chrono::seconds skew);

} // namespace jit::oidc
