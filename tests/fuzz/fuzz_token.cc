// Any bytes as an ID token under the keys of tests/vectors/tokens.json, and any bytes as the claims
// or the header of a token that is truly signed, with a key made for this run. Run from the top of
// the tree. The first byte chooses:
//   r R   a whole token, for Entra or for another provider
//   e p   the claims of a signed token, for Entra or for another provider
//   h     the header of a signed token with good claims
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "lib/oidc/json.h"
#include "lib/oidc/token.h"
#include "tests/unit/oidc/flow.h"

using namespace jit;
using namespace jit::oidc;
using std::chrono::seconds;

namespace {

void expect(bool truth)
{
    if (!truth)
        std::abort();
}

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
    Expectations expected;
    KeySet keys;
};

struct World {
    Signer signer;
    Profile entra;
    Profile plain;
    KeySet ours; // the signer's alone
    WallTime now;
    WallTime began;
    seconds skew{};
    std::set<std::string> good; // what was signed of the vectors that are accepted
};

Profile read_profile(const json_t *file, const char *name)
{
    const json_t *member = json_object_get(file, name);
    Profile made;
    made.expected = entra_expectations();
    made.expected.issuer = text_member(member, "issuer").value_or("");
    char *keys = json_dumps(json_object_get(member, "keys"), 0);
    auto read = read_keys_reply(reply_of(200, keys));
    std::free(keys);
    expect(read.has_value());
    made.keys = *std::move(read);
    return made;
}

std::string signed_part(std::string_view token)
{
    return std::string{token.substr(0, token.rfind('.'))};
}

World make_world()
{
    World world;
    const Json file{json_load_file("tests/vectors/tokens.json", 0, nullptr)};
    expect(file != nullptr);
    world.entra = read_profile(file.get(), "entra");
    world.plain = read_profile(file.get(), "plain");
    world.plain.expected.is_entra = false;
    world.plain.expected.tenant.clear();
    const auto number = [&](const char *name) {
        return seconds{json_integer_value(json_object_get(file.get(), name))};
    };
    world.now = WallTime{number("now")};
    world.began = WallTime{number("began")};
    world.skew = number("skew");
    world.ours.keys.push_back({"ours", world.signer.number(OSSL_PKEY_PARAM_RSA_N),
                               world.signer.number(OSSL_PKEY_PARAM_RSA_E), ""});
    std::size_t i = 0;
    const json_t *one = nullptr;
    json_array_foreach(json_object_get(file.get(), "cases"), i, one)
    {
        if (text_member(one, "expect") == "ok")
            world.good.insert(signed_part(*text_member(one, "token")));
    }
    expect(!world.good.empty());
    return world;
}

const Claims *check(const Judged &judged, const World &world, bool is_entra)
{
    if (const auto *fault = std::get_if<TokenFault>(&judged)) {
        expect(name_of(*fault) != "unknown-fault");
        return nullptr;
    }
    const auto *claims = std::get_if<Claims>(&judged);
    expect(!claims->oid.empty() && claims->oid.size() <= 255);
    if (is_entra)
        expect(is_guid(claims->oid) && claims->oid == to_lower(claims->oid));
    expect(claims->expires_at > world.now - world.skew);
    expect(claims->issued_at <= world.now + world.skew);
    expect(claims->issued_at >= world.began - seconds{300} - world.skew);
    expect(claims->uti.size() <= 256 && claims->app_roles.size() <= 1000);
    expect(!claims->groups || claims->groups->size() <= 1000);
    return claims;
}

// The claims again, by what they must at least say.
void check_signed(std::string_view payload, const Profile &profile, const World &world)
{
    const bool is_entra = profile.expected.is_entra;
    const std::string token = world.signer.sign(R"({"alg":"RS256","kid":"ours"})", payload);
    const Judged judged =
        verify_id_token(token, world.ours, profile.expected, world.now, world.began, world.skew);
    const Claims *claims = check(judged, world, is_entra);
    if (claims == nullptr)
        return;
    const Json object{json_loadb(payload.data(), payload.size(), JSON_REJECT_DUPLICATES, nullptr)};
    expect(json_is_object(object.get()));
    expect(text_member(object.get(), "iss") == profile.expected.issuer);
    const json_t *audience = json_object_get(object.get(), "aud");
    if (is_entra)
        expect(text_member(object.get(), "tid").has_value());
    expect(json_is_string(audience) ? json_string_value(audience) == profile.expected.client_id
                                    : !is_entra && json_is_array(audience));
    expect(to_lower(text_member(object.get(), is_entra ? "oid" : "sub").value_or("")) ==
           to_lower(claims->oid));
}

void check_header(std::string_view header, const World &world)
{
    const std::string payload = R"({"aud":")" + world.plain.expected.client_id + R"(","iss":")" +
                                world.plain.expected.issuer + R"(","sub":"a","exp":)" +
                                std::to_string(world.now.time_since_epoch().count() + 600) +
                                R"(,"iat":)" +
                                std::to_string(world.now.time_since_epoch().count()) + "}";
    const Judged judged = verify_id_token(world.signer.sign(header, payload), world.ours,
                                          world.plain.expected, world.now, world.began, world.skew);
    if (check(judged, world, false) == nullptr)
        return;
    const Json object{json_loadb(header.data(), header.size(), JSON_REJECT_DUPLICATES, nullptr)};
    expect(text_member(object.get(), "alg") == "RS256");
    expect(text_member(object.get(), "kid") == "ours");
    expect(json_object_get(object.get(), "crit") == nullptr);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const World world = make_world();
    if (size == 0)
        return 0;
    const std::string_view text{reinterpret_cast<const char *>(data) + 1, size - 1};
    switch (data[0]) {
    case 'e':
        check_signed(text, world.entra, world);
        break;
    case 'p':
        check_signed(text, world.plain, world);
        break;
    case 'h':
        check_header(text, world);
        break;
    default: {
        const Profile &profile = data[0] == 'R' ? world.plain : world.entra;
        const Judged judged = verify_id_token(text, profile.keys, profile.expected, world.now,
                                              world.began, world.skew);
        // Whatever is accepted was signed: one of the good vectors, unchanged.
        if (check(judged, world, profile.expected.is_entra) != nullptr)
            expect(world.good.contains(signed_part(text)));
    }
    }
    return 0;
}
