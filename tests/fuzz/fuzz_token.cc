// Any bytes as an ID token under the keys of tests/vectors/tokens.json, and any bytes as the claims
// or the header of a token that is truly signed, with a key made for this run. Whatever comes, the
// second judge must say the same, and what is read of a good token must stand in it. Run from the
// top of the tree. The first byte chooses:
//   r R   a whole token, for Entra or for another provider
//   e p   the claims of a signed token, for Entra or for another provider
//   h     the header of a signed token with good claims
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "lib/oidc/json.h"
#include "lib/oidc/token.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/oidc/second_judge.h"
#include "tests/unit/oidc/vectors.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

std::string encode(std::string_view bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()),
                                       reinterpret_cast<const unsigned char *>(bytes.data()),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    while (text.ends_with('='))
        text.pop_back();
    for (char &c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

class Signer
{
  public:
    Signer() : key_(EVP_RSA_gen(2048)) { expect(key_ != nullptr); }

    std::string number(const char *name) const
    {
        BIGNUM *value = nullptr;
        expect(EVP_PKEY_get_bn_param(key_, name, &value) == 1);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
        BN_bn2bin(value, reinterpret_cast<unsigned char *>(bytes.data()));
        BN_free(value);
        return encode(bytes);
    }

    std::string sign(std::string_view header, std::string_view payload) const
    {
        const std::string head = encode(header) + "." + encode(payload);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        std::string bytes(256, '\0');
        std::size_t length = bytes.size();
        expect(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_) == 1 &&
               EVP_DigestSign(context, reinterpret_cast<unsigned char *>(bytes.data()), &length,
                              reinterpret_cast<const unsigned char *>(head.data()),
                              head.size()) == 1);
        EVP_MD_CTX_free(context);
        bytes.resize(length);
        return head + "." + encode(bytes);
    }

  private:
    EVP_PKEY *key_; // lives as long as the program
};

struct Profile {
    KeySet keys;
    Terms terms;
};

struct World {
    Vectors vectors;
    Signer signer;
    Tree our_keys; // the signer's alone
    Profile entra, plain;
    Profile our_entra, our_plain; // with our_keys
    std::set<std::string> good;   // what was signed of the vectors that are accepted
};

std::string signed_part(std::string_view token)
{
    return std::string{token.substr(0, token.rfind('.'))};
}

World make_world()
{
    World world;
    const Vectors &vectors = world.vectors;
    expect(vectors.is_there());
    world.our_keys.reset(json_pack("{s:[{s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA", "use",
                                   "sig", "kid", "ours", "n",
                                   world.signer.number(OSSL_PKEY_PARAM_RSA_N).c_str(), "e",
                                   world.signer.number(OSSL_PKEY_PARAM_RSA_E).c_str()));
    const auto make = [&](const char *name, const json_t *keys) {
        return Profile{read_keys(keys),
                       Terms{vectors.expectations(name), keys,
                             vectors.now.time_since_epoch().count(),
                             vectors.began.time_since_epoch().count(), vectors.skew.count()}};
    };
    world.entra = make("entra", vectors.keys("entra"));
    world.plain = make("plain", vectors.keys("plain"));
    world.our_entra = make("entra", world.our_keys.get());
    world.our_plain = make("plain", world.our_keys.get());
    expect(!world.entra.keys.keys.empty() && world.our_plain.keys.keys.size() == 1);
    vectors.each([&](const json_t *one) {
        if (Vectors::text(one, "expect") == "ok")
            world.good.insert(signed_part(Vectors::token_of(one)));
    });
    expect(!world.good.empty());
    return world;
}

bool has_text(const json_t *list, const std::string &wanted)
{
    if (json_is_string(list))
        return json_string_value(list) == wanted;
    std::size_t i = 0;
    const json_t *one = nullptr;
    json_array_foreach(list, i, one)
    {
        if (json_is_string(one) && json_string_value(one) == wanted)
            return true;
    }
    return false;
}

bool is_visible(const std::string &text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// What was read keeps what its header says.
void check_claims(const Claims &claims, const Vectors &vectors, bool is_entra)
{
    expect(!claims.oid.empty() && claims.oid.size() <= 255 && is_visible(claims.oid));
    expect(!is_entra || (is_guid(claims.oid) && claims.oid == to_lower(claims.oid)));
    expect(claims.expires_at > vectors.now - vectors.skew);
    expect(claims.issued_at <= vectors.now + vectors.skew);
    expect(claims.issued_at >= vectors.began - seconds{300} - vectors.skew);
    expect(!claims.uti.empty() && claims.uti.size() <= 256);
    expect(claims.app_roles.size() <= 1000 && claims.contexts.size() <= 1000);
    expect(!claims.groups || claims.groups->size() <= 1000);
    expect(claims.upn.size() <= 320 && is_visible(claims.upn) &&
           claims.upn == to_lower(claims.upn));
    expect(is_entra || (claims.upn.empty() && !claims.is_guest));
    expect(!claims.authenticated_at || claims.authenticated_at->time_since_epoch().count() > 0);
}

// And it stands in the payload, as jansson reads it.
void check_against(const Claims &claims, json_t *said, bool is_entra)
{
    const auto get = [&](const char *name) { return json_object_get(said, name); };
    const auto number = [&](const char *name) {
        return WallTime{seconds{json_integer_value(get(name))}};
    };
    expect(to_lower(json_string_value(get(is_entra ? "oid" : "sub"))) == to_lower(claims.oid));
    expect(claims.expires_at == number("exp") && claims.issued_at == number("iat"));
    expect(claims.authenticated_at.value_or(WallTime{}) == number("auth_time"));
    for (const std::string &context : claims.contexts)
        expect(has_text(get("acrs"), context));
    for (const std::string &role : claims.app_roles)
        expect(has_text(get("roles"), role));
    expect(claims.groups.value_or(std::vector<std::string>{}).size() <=
           json_array_size(get("groups")));
    json_t *acct = get("acct");
    json_t *idp = get("idp");
    const bool is_member =
        (acct == nullptr || (json_is_integer(acct) && json_integer_value(acct) == 0)) &&
        (idp == nullptr || json_equal(idp, get("iss")) == 1);
    expect(claims.is_guest == (is_entra && !is_member));
    if (!claims.upn.empty())
        expect(claims.upn == to_lower(json_string_value(
                                 get(get("upn") != nullptr ? "upn" : "preferred_username"))));
}

// By both judges. True: the token is good.
bool check(std::string_view token, const Profile &profile, const World &world)
{
    const Vectors &vectors = world.vectors;
    const bool is_entra = profile.terms.expected.is_entra;
    const Judged judged = verify_id_token(token, profile.keys, profile.terms.expected, vectors.now,
                                          vectors.began, vectors.skew);
    const auto *claims = std::get_if<Claims>(&judged);
    expect(would_accept(std::string{token}, profile.terms) == (claims != nullptr));
    if (claims == nullptr) {
        expect(name_of(std::get<TokenFault>(judged)) != "unknown-fault");
        return false;
    }
    check_claims(*claims, vectors, is_entra);
    const std::string whole{signed_part(token)};
    const Tree said = read_part(whole.substr(whole.find('.') + 1));
    expect(said != nullptr);
    check_against(*claims, said.get(), is_entra);
    return true;
}

void check_header(std::string_view header, const World &world)
{
    const Expectations &expected = world.our_plain.terms.expected;
    const auto now = std::to_string(world.our_plain.terms.now);
    const auto end = std::to_string(world.our_plain.terms.now + 600);
    const std::string payload = R"({"aud":")" + expected.client_id + R"(","iss":")" +
                                expected.issuer + R"(","sub":"a","exp":)" + end + R"(,"iat":)" +
                                now + "}";
    (void)check(world.signer.sign(header, payload), world.our_plain, world);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const World world = make_world();
    if (size == 0)
        return 0;
    const std::string_view text{reinterpret_cast<const char *>(data) + 1, size - 1};
    constexpr const char *header = R"({"alg":"RS256","kid":"ours"})";
    switch (data[0]) {
    case 'e':
        (void)check(world.signer.sign(header, text), world.our_entra, world);
        break;
    case 'p':
        (void)check(world.signer.sign(header, text), world.our_plain, world);
        break;
    case 'h':
        check_header(text, world);
        break;
    default:
        // Whatever is accepted was signed: one of the good vectors, unchanged.
        if (check(text, data[0] == 'R' ? world.plain : world.entra, world))
            expect(world.good.contains(signed_part(text)));
    }
    return 0;
}
