// The claims' part of the second opinion: jansson's own unpacking, and nothing of lib/oidc but its
// structs. It answers yes or no.
#pragma once

#include <jansson.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "lib/oidc/provider.h"

namespace jit::oidc {

// What a token is judged by.
struct Terms {
    Expectations expected;
    const json_t *keys; // the JWKS document
    json_int_t now;
    json_int_t began;
    json_int_t skew; // 0 to 300
};

// jansson has refused NULs within texts, so a text ends where C says.
inline bool is_text(json_t *value, std::size_t least, std::size_t most)
{
    return json_is_string(value) && json_string_length(value) >= least &&
           json_string_length(value) <= most;
}

inline bool is_guid_text(json_t *value)
{
    const std::string form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const std::string text = json_is_string(value) ? json_string_value(value) : "";
    return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char like) {
        return like == '-' ? c == '-' : std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
}

inline bool has_issuer(json_t *claims, const Expectations &expected)
{
    std::string tenant = expected.tenant;
    const char *iss = "";
    const char *tid = tenant.c_str();
    const char *ver = "2.0";
    if (json_unpack(claims, expected.is_entra ? "{s:s, s:s, s:s}" : "{s:s}", "iss", &iss, "tid",
                    &tid, "ver", &ver) != 0)
        return false;
    return iss == expected.issuer && strcasecmp(tid, tenant.c_str()) == 0 &&
           std::string{ver} == "2.0";
}

inline bool has_audience(json_t *claims, const Expectations &expected)
{
    const std::string &client = expected.client_id;
    const char *azp = client.c_str();
    if (json_unpack(claims, "{s?s}", "azp", &azp) != 0 || azp != client)
        return false;
    json_t *aud = json_object_get(claims, "aud");
    if (json_is_string(aud) || expected.is_entra)
        return json_is_string(aud) && json_string_value(aud) == client &&
               !(expected.is_entra && json_object_get(claims, "scp") != nullptr);
    std::size_t i = 0;
    json_t *one = nullptr;
    int ours = 0;
    json_array_foreach(aud, i, one)
    {
        if (!json_is_string(one))
            return false;
        ours += json_string_value(one) == client ? 1 : 0;
    }
    return ours == 1 && (i == 1 || json_object_get(claims, "azp") != nullptr);
}

inline bool is_in_time(json_t *claims, const Terms &terms)
{
    json_int_t exp = 0;
    json_int_t iat = 0;
    json_int_t nbf = 1;
    json_int_t auth_time = 1;
    const char *form = terms.expected.is_entra ? "{s:I, s:I, s?I, s:I}" : "{s:I, s:I, s?I, s?I}";
    if (json_unpack(claims, form, "exp", &exp, "iat", &iat, "auth_time", &auth_time, "nbf", &nbf) !=
        0)
        return false;
    for (const json_int_t time : {exp, iat, nbf, auth_time})
        if (time < 1 || time >= 253'402'300'800)
            return false;
    return terms.now < exp + terms.skew && std::max(iat, nbf) - terms.skew <= terms.now &&
           iat + 300 + terms.skew >= terms.began;
}

inline bool has_person(json_t *claims, bool is_entra)
{
    if (is_entra)
        return is_guid_text(json_object_get(claims, "oid"));
    json_t *sub = json_object_get(claims, "sub");
    const std::string text = is_text(sub, 1, 255) ? json_string_value(sub) : " ";
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

inline bool are_texts(json_t *list, std::size_t most)
{
    std::size_t i = 0;
    json_t *one = nullptr;
    json_array_foreach(list, i, one) if (!is_text(one, 1, 256)) return false;
    return json_is_array(list) && json_array_size(list) <= most;
}

// Claims that may be absent, but not of another type.
inline bool are_others_sound(json_t *claims, bool is_entra)
{
    const auto get = [&](const char *name) { return json_object_get(claims, name); };
    const auto is_absent = [&](const char *name) { return get(name) == nullptr; };
    const bool is_overlong = json_array_size(get("groups")) > 1000; // and so not read
    json_t *has = get("hasgroups");
    if (!is_absent("groups") && !is_overlong && !are_texts(get("groups"), 1000))
        return false;
    if (!is_absent("roles") && !are_texts(get("roles"), 1000))
        return false;
    if (!is_absent("acrs") && !is_text(get("acrs"), 1, 256) && !are_texts(get("acrs"), 1000))
        return false;
    if (has != nullptr && !json_is_boolean(has) &&
        !(json_is_string(has) && std::string{json_string_value(has)} == "true"))
        return false;
    if (!is_absent("_claim_names") && !json_is_object(get("_claim_names")))
        return false;
    const char *id = is_entra ? "uti" : "jti";
    if (!is_absent(id) && !is_text(get(id), 0, 256))
        return false;
    const char *name = is_absent("upn") ? "preferred_username" : "upn";
    return !is_entra || is_absent(name) || json_is_string(get(name));
}

inline bool are_claims_good(json_t *claims, const Terms &terms)
{
    const bool is_entra = terms.expected.is_entra;
    return has_issuer(claims, terms.expected) && has_audience(claims, terms.expected) &&
           is_in_time(claims, terms) && has_person(claims, is_entra) &&
           are_others_sound(claims, is_entra);
}

} // namespace jit::oidc
