// An independent verifier of ID tokens, whole: it reads section 3.1.3.7 of OpenID Connect Core and
// Microsoft's additions for itself, and must come to the same answer as lib/oidc. They share
// structs and no code.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/oidc/claims_judge.h"
#include "tests/unit/oidc/evp_judge.h"

namespace jit::oidc {

using Tree = Handle<json_t, &json_decref>;

inline unsigned depth_of(json_t *value)
{
    unsigned deepest = 0;
    std::size_t i = 0;
    const char *key = nullptr;
    json_t *one = nullptr;
    json_array_foreach(value, i, one) deepest = std::max(deepest, depth_of(one));
    json_object_foreach(value, key, one) deepest = std::max(deepest, depth_of(one));
    return deepest + (json_is_array(value) || json_is_object(value) ? 1 : 0);
}

inline Tree read_part(const std::string &part)
{
    const std::string bytes = evp_decode(part).value_or("");
    Tree made{json_loadb(bytes.data(), bytes.size(), JSON_REJECT_DUPLICATES, nullptr)};
    return json_is_object(made.get()) && depth_of(made.get()) <= 16 ? std::move(made) : nullptr;
}

// The signing key of a kid, if it may sign for the issuer; a set with a kid twice has none.
inline EvpKey choose_key(const std::string &kid, const Terms &terms)
{
    std::map<std::string, json_t *> keys;
    std::size_t i = 0;
    json_t *one = nullptr;
    json_array_foreach(json_object_get(terms.keys, "keys"), i, one)
    {
        const char *kty = "";
        const char *use = "";
        const char *alg = "RS256";
        const char *name = "";
        if (json_unpack(one, "{s:s, s:s, s:s, s?s}", "kty", &kty, "use", &use, "kid", &name, "alg",
                        &alg) != 0)
            continue;
        const std::string purpose = std::string{kty} + " " + use + " " + alg;
        if (purpose == "RSA sig RS256" && !keys.emplace(name, one).second)
            return nullptr;
    }
    const auto found = keys.find(kid);
    const char *n = "";
    const char *e = "";
    const char *issuer = terms.expected.issuer.c_str();
    if (found == keys.end() ||
        json_unpack(found->second, "{s:s, s:s, s?s}", "n", &n, "e", &e, "issuer", &issuer) != 0)
        return nullptr;
    std::string owner = issuer;
    const std::string mark = "{tenantid}";
    if (terms.expected.is_entra && owner.find(mark) != std::string::npos)
        owner.replace(owner.find(mark), mark.size(), terms.expected.tenant);
    return owner == terms.expected.issuer ? make_evp_key(n, e) : nullptr;
}

// Whether the token is good.
inline bool would_accept(const std::string &token, const Terms &terms)
{
    std::vector<std::string> parts{""};
    for (const char c : token)
        c == '.' ? parts.emplace_back() : parts.back() += c;
    if (token.size() > 65536 || parts.size() != 3)
        return false;

    const Tree header = read_part(parts[0]);
    const Tree claims = read_part(parts[1]);
    const char *alg = "";
    const char *kid = "";
    const char *typ = "JWT";
    if (!header || !claims ||
        json_unpack(header.get(), "{s:s, s:s, s?s}", "alg", &alg, "kid", &kid, "typ", &typ) != 0)
        return false;
    for (const char *foreign : {"jwk", "jku", "x5u", "x5c", "crit", "b64"})
        if (json_object_get(header.get(), foreign) != nullptr)
            return false;
    const std::string id = kid;
    if (std::string{alg} != "RS256" || strcasecmp(typ, "JWT") != 0 || id.empty() || id.size() > 256)
        return false;

    const EvpKey key = choose_key(id, terms);
    const auto signature = evp_decode(parts[2]);
    return key && signature && evp_verifies(parts[0] + "." + parts[1], *signature, key.get()) &&
           are_claims_good(claims.get(), terms);
}

} // namespace jit::oidc
