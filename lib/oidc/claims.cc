#include "lib/oidc/claims.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jit::oidc {

namespace {

using std::chrono::seconds;

constexpr std::size_t max_subject_bytes = 255; // OpenID Connect Core section 2
constexpr std::size_t max_upn_bytes = 320;
constexpr std::size_t max_uti_bytes = 256;
constexpr std::size_t max_listed = 1000;
constexpr std::size_t max_listed_bytes = 256;
constexpr json_int_t last_second = 253'402'300'799; // the end of the year 9999

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
    if (*issued < began - max_backdating - skew)
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

// The authentication contexts that were satisfied: a list, or a lone text.
bool read_contexts(const json_t *claims, Claims &out)
{
    const json_t *acrs = json_object_get(claims, "acrs");
    if (acrs == nullptr)
        return true;
    if (const auto lone = text_member(claims, "acrs")) {
        out.contexts.emplace_back(*lone);
        return !lone->empty() && lone->size() <= max_listed_bytes;
    }
    return json_array_size(acrs) <= max_listed && read_texts(acrs, out.contexts);
}

bool read_lists(const json_t *claims, Claims &out)
{
    const json_t *roles = json_object_get(claims, "roles");
    if (roles != nullptr &&
        (json_array_size(roles) > max_listed || !read_texts(roles, out.app_roles)))
        return false;
    return read_groups(claims, out) && read_contexts(claims, out);
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

// Where the person has the account: in this tenant, or as a guest from elsewhere. What says so in a
// way that is not understood counts as a guest.
bool is_guest(const json_t *claims)
{
    const json_t *account = json_object_get(claims, "acct");
    if (account != nullptr && !(json_is_integer(account) && json_integer_value(account) == 0))
        return true;
    return json_object_get(claims, "idp") != nullptr &&
           text_member(claims, "idp") != text_member(claims, "iss");
}

// The user principal name. Users and tenants choose it, so it says something only together with the
// tenant, which was looked at before.
bool read_upn(const json_t *claims, Claims &out)
{
    for (const char *name : {"upn", "preferred_username"}) {
        if (json_object_get(claims, name) == nullptr)
            continue;
        const auto upn = text_member(claims, name);
        if (!upn)
            return false;
        const bool is_plain =
            !upn->empty() && upn->size() <= max_upn_bytes &&
            std::all_of(upn->begin(), upn->end(), [](char c) { return c > ' ' && c < '\x7f'; });
        // One that no local name can match: it is not an error to have it.
        if (is_plain)
            out.upn = to_lower(*upn);
        return true;
    }
    return true;
}

bool read_person(const json_t *claims, const Expectations &expected, Claims &out)
{
    if (json_object_get(claims, "auth_time") != nullptr) {
        out.authenticated_at = read_time(claims, "auth_time");
        if (!out.authenticated_at)
            return false;
    }
    if (!expected.is_entra)
        return true;
    out.is_guest = is_guest(claims);
    return read_upn(claims, out);
}

// All but the times.
std::optional<TokenFault> read_rest(const json_t *claims, const Expectations &expected, Claims &out)
{
    auto subject = read_subject(claims, expected);
    if (!subject)
        return TokenFault::no_subject;
    out.oid = *std::move(subject);
    if (!read_uti(claims, expected, out) || !read_lists(claims, out) ||
        !read_person(claims, expected, out))
        return TokenFault::malformed;
    return std::nullopt;
}

} // namespace

Judged read_unjudged(const json_t *claims, bool is_entra)
{
    Expectations expected;
    expected.is_entra = is_entra;
    Claims out;
    if (const auto fault = read_rest(claims, expected, out))
        return *fault;
    return out;
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
    if (const auto fault = read_rest(claims, expected, out))
        return *fault;
    return out;
}

} // namespace jit::oidc
