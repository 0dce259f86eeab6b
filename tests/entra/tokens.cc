#include "tests/entra/tokens.h"

#include <cstdlib>

#include <openssl/hmac.h>

#include "tests/entra/claims_request.h"
#include "tests/entra/encode.h"
#include "tests/entra/json.h"
#include "tests/entra/random.h"
#include "tests/entra/scopes.h"

namespace jit::entra {

namespace {

constexpr const char *elsewhere =
    "11111111-2222-4333-8444-555555555555"; // a tenant that is not ours
constexpr long backdating_s = 300;          // Entra dates tokens so far back
constexpr long lifetime_s = 3900;

std::string digest_text(const std::string &text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1)
        std::abort();
    return encode_base64url({reinterpret_cast<const char *>(digest), size});
}

void put_list(const Json &claims, const char *name, const std::vector<std::string> &list)
{
    if (list.empty())
        return; // Entra leaves the claim out
    Json array{json_array()};
    for (const std::string &item : list)
        json_array_append_new(array.get(), json_text(item).release());
    put(claims, name, std::move(array));
}

// Authentication contexts asked for in the claims parameter. One without a policy is still issued;
// one whose policy is not satisfied is left out.
std::vector<std::string> contexts_of(const TokenOrder &order)
{
    std::vector<std::string> asked = contexts_asked(order.flow.claims, "id_token");
    if (contains(order.app.optional_claims, "acrs"))
        for (std::string &context : contexts_asked(order.flow.claims, "access_token"))
            if (!contains(asked, context))
                asked.push_back(std::move(context));
    std::vector<std::string> contexts;
    for (std::string &context : asked)
        if (!contains(order.config.unsatisfied_contexts, context))
            contexts.push_back(std::move(context));
    return contexts;
}

// Above the cap a token names a place to ask instead, which was retired long ago.
void put_groups(const Json &claims, const TokenOrder &order)
{
    switch (order.user.overage) {
    case Overage::none:
        return put_list(claims, "groups", order.user.groups);
    case Overage::hasgroups:
        return put(claims, "hasgroups", Json{json_true()});
    case Overage::claim_names:
        break;
    }
    put(claims, "_claim_names", parse_json(R"({"groups":"src1"})"));
    put(claims, "_claim_sources",
        parse_json(R"({"src1":{"endpoint":"https://graph.windows.net/)" + order.config.tenant +
                   "/users/" + order.user.oid + R"(/getMemberObjects"}})"));
}

void put_optional_claims(const Json &claims, const TokenOrder &order)
{
    const User &user = order.user;
    for (const std::string &name : order.app.optional_claims) {
        if (name == "auth_time")
            put(claims, "auth_time",
                static_cast<long>(order.flow.signed_in.time_since_epoch().count()));
        else if (name == "acct")
            put(claims, "acct", user.is_guest ? 1L : 0L);
        else if (name == "upn" || name == "email")
            put(claims, name.c_str(), user.upn);
        else if (name == "login_hint")
            put(claims, "login_hint", "O." + digest_text(user.oid));
        else if (name == "sid")
            put(claims, "sid", random_guid());
    }
}

Json make_claims(const TokenOrder &order, long now)
{
    const Config &config = order.config;
    const long issued = now - backdating_s;
    Json claims{json_object()};
    put(claims, "aud", order.app.client_id);
    put(claims, "iss", order.base + "/" + config.tenant + "/v2.0");
    put(claims, "iat", issued);
    put(claims, "nbf", issued);
    put(claims, "exp", issued + lifetime_s);
    if (order.user.is_guest)
        put(claims, "idp", std::string{"https://sts.windows.net/"} + elsewhere + "/");
    if (has_scope(order.flow.scope, "profile")) {
        put(claims, "name", order.user.name);
        put(claims, "oid", order.user.oid);
        put(claims, "preferred_username", order.user.upn);
    }
    put(claims, "rh", random_token("1.AXkA", 40) + ".");
    // Pairwise: the same person is somebody else to another application.
    put(claims, "sub", digest_text(order.app.client_id + order.user.oid));
    put(claims, "tid", config.tenant);
    put(claims, "uti", random_token("", 16));
    put(claims, "ver", "2.0");
    if (order.app.has_groups)
        put_groups(claims, order);
    std::vector<std::string> roles;
    for (const std::string &role : order.user.roles)
        if (contains(order.app.roles, role))
            roles.push_back(role);
    put_list(claims, "roles", roles);
    put_list(claims, "acrs", contexts_of(order));
    put_optional_claims(claims, order);
    return claims;
}

void shift_times(const Json &claims, long seconds)
{
    for (const char *name : {"iat", "nbf", "exp"})
        put(claims, name, json_integer_value(json_object_get(claims.get(), name)) + seconds);
}

// Forgeries within the claims. The others are made while signing.
Result<void> forge_claims(const Json &claims, const TokenOrder &order, long now)
{
    const Kind &kind = *order.forgery;
    if (kind.name == "wrong_aud") {
        put(claims, "aud", elsewhere);
    } else if (kind.name == "wrong_iss") {
        put(claims, "iss", order.base + "/" + elsewhere + "/v2.0");
    } else if (kind.name == "wrong_tid") {
        put(claims, "tid", elsewhere);
    } else if (kind.name == "expired") {
        shift_times(claims, -2 * lifetime_s);
    } else if (kind.name == "old_iat") {
        put(claims, "iat", now - 7200);
        put(claims, "nbf", now - 7200);
    } else if (kind.name == "shift") {
        shift_times(claims, std::strtol(kind.first.c_str(), nullptr, 10));
    } else if (kind.name == "auth_time") {
        put(claims, "auth_time", now - std::strtol(kind.first.c_str(), nullptr, 10));
    } else if (kind.name == "v1") {
        put(claims, "ver", "1.0");
        put(claims, "iss", "https://sts.windows.net/" + order.config.tenant + "/");
    } else if (kind.name == "no_oid") {
        json_object_del(claims.get(), "oid");
    } else if (kind.name == "noclaim") {
        json_object_del(claims.get(), kind.first.c_str());
    } else if (kind.name == "other_oid") {
        put(claims, "oid", kind.first);
    } else if (kind.name == "claim") {
        Json value = parse_json(kind.second);
        if (!value)
            return Error{Code::bad_input, "a forged claim that is not JSON"};
        put(claims, kind.first.c_str(), std::move(value));
    }
    return {};
}

std::string hmac_sha256(const std::string &secret, const std::string &text)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char *>(text.data()), text.size(), mac,
             &size) == nullptr)
        std::abort();
    return {reinterpret_cast<const char *>(mac), size};
}

} // namespace

Result<std::string> make_id_token(const TokenOrder &order, const KeyRing &keys, WallTime now)
{
    const long now_s = static_cast<long>(now.time_since_epoch().count());
    const Json claims = make_claims(order, now_s);
    if (order.forgery)
        TRY(forge_claims(claims, order, now_s));

    const std::string forged = order.forgery ? order.forgery->name : "";
    const SharedKey honest = keys.active();
    SharedKey signer = honest;
    if (forged == "unknown_kid" || forged == "jwk_header")
        signer = TRY(make_signing_key(""));
    else if (forged == "foreign_key")
        signer = keys.consumer();

    const Json header{json_object()};
    put(header, "typ", "JWT");
    put(header, "alg", forged == "alg_none" ? "none" : forged == "hs256" ? "HS256" : "RS256");
    put(header, "kid", forged == "jwk_header" ? honest->kid : signer->kid);
    if (forged == "v1")
        put(header, "x5t", signer->kid);
    if (forged == "jwk_header") { // the key that verifies it comes along
        Json jwk{json_object()};
        put(jwk, "kty", "RSA");
        put(jwk, "n", signer->n);
        put(jwk, "e", signer->e);
        put(header, "jwk", std::move(jwk));
    }
    if (forged == "crit_header") {
        put(header, "crit", parse_json(R"(["exp"])"));
        put(header, "exp", now_s + lifetime_s);
    }

    const std::string text =
        encode_base64url(dump_json(header.get())) + "." + encode_base64url(dump_json(claims.get()));
    std::string signature;
    if (forged == "hs256")
        signature = hmac_sha256(TRY(public_pem(*signer)), text);
    else if (forged != "alg_none")
        signature = TRY(sign_rs256(*signer, text));
    if (forged == "bad_signature")
        signature[signature.size() / 2] ^= 1;
    return text + "." + encode_base64url(signature);
}

} // namespace jit::entra
